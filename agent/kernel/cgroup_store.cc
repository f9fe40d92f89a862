// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/cgroup_store.h"

#include <bpf/bpf.h>

#include <algorithm>

#include "bpf/abi/container.h"

namespace aspis {

Result<> CgroupStore::put(std::uint64_t cgroup, std::uint32_t flags, std::uint32_t generation,
                          std::span<const std::uint32_t> scopes) const {
  if (map_fd_ < 0) return {};
  aspis_cgroup entry{};
  (void)bpf_map_lookup_elem(map_fd_, &cgroup, &entry);
  entry.flags = flags;
  aspis_container_scopes& place = entry.by_generation[generation & 1];
  place = {};
  place.generation = generation;
  place.count = static_cast<std::uint32_t>(std::min(scopes.size(), std::size(place.scopes)));
  std::copy_n(scopes.begin(), place.count, place.scopes);
  if (bpf_map_update_elem(map_fd_, &cgroup, &entry, BPF_ANY) != 0)
    return fail_errno("cannot tell the kernel side of a container");
  return {};
}

}  // namespace aspis
