// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/seen_events.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <cstring>
#include <vector>

#include "base/fd.h"
#include "bpf/abi/python_site.h"

namespace aspis {

std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint64_t> seen_events() {
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint64_t> events;
  std::vector<aspis_site_seen> cpus(static_cast<std::size_t>(libbpf_num_possible_cpus()));
  for (std::uint32_t id = 0; bpf_map_get_next_id(id, &id) == 0;) {
    const Fd map(bpf_map_get_fd_by_id(id));
    bpf_map_info info{};
    std::uint32_t length = sizeof(info);
    // Any program can give a map this name: what is read from it is a number, no more.
    if (!map.valid() || bpf_obj_get_info_by_fd(map.get(), &info, &length) != 0 ||
        std::strcmp(info.name, ASPIS_SEEN_MAP) != 0 || info.type != BPF_MAP_TYPE_PERCPU_ARRAY ||
        info.key_size != sizeof(std::uint32_t) || info.value_size != sizeof(aspis_site_seen))
      continue;
    for (std::uint32_t row = 0; row < info.max_entries; ++row) {
      if (bpf_map_lookup_elem(map.get(), &row, cpus.data()) != 0) break;
      if (cpus[0].inode == 0) continue;
      std::uint64_t& sum = events[{cpus[0].device, cpus[0].inode}];
      for (const aspis_site_seen& one : cpus) sum += one.events;
    }
  }
  return events;
}

}  // namespace aspis
