// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/kernel_figures.h"

#include <bpf/bpf.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <fstream>
#include <optional>
#include <string_view>

namespace aspis {
namespace {

constexpr std::uint32_t kBatch = 1024;

bool is_table(std::uint32_t type) {
  return type == BPF_MAP_TYPE_HASH || type == BPF_MAP_TYPE_LRU_HASH;
}

/// Nothing: the kernel cannot tell, or there is more and more of them.
std::optional<std::uint64_t> count_entries(int fd, const bpf_map_info& info) {
  const std::uint32_t batch = std::min(info.max_entries, kBatch);
  std::vector<std::byte> keys(std::size_t{batch} * info.key_size);
  std::vector<std::byte> values(std::size_t{batch} * ((info.value_size + 7U) & ~7U));
  // bpf(2), BPF_MAP_LOOKUP_BATCH: an opaque position, at least four bytes, of tables a bucket.
  std::vector<std::byte> position(std::max(std::size_t{info.key_size}, sizeof(std::uint32_t)));
  std::uint64_t entries = 0;
  bool first = true;
  while (entries <= info.max_entries) {
    std::uint32_t count = batch;
    const int failed = bpf_map_lookup_batch(fd, first ? nullptr : position.data(), position.data(),
                                            keys.data(), values.data(), &count, nullptr);
    if (failed != 0 && errno != ENOENT) return std::nullopt;
    entries += count;
    if (failed != 0) return entries;  // that was the end
    first = false;
  }
  return std::nullopt;
}

/// proc(5), fdinfo of a map: "memlock:\t4096".
std::uint64_t locked_bytes(int fd) {
  std::ifstream file("/proc/self/fdinfo/" + std::to_string(fd));
  constexpr std::string_view kKey = "memlock:\t";
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(kKey)) continue;
    std::uint64_t bytes = 0;
    std::from_chars(line.data() + kKey.size(), line.data() + line.size(), bytes);
    return bytes;
  }
  return 0;
}

}  // namespace

KernelFigures kernel_figures(const KernelSide& side) {
  KernelFigures figures;
  for (const auto& [name, map] : side.fds().maps) {
    figures.memory += locked_bytes(map.get());
    bpf_map_info info{};
    std::uint32_t length = sizeof(info);
    if (bpf_obj_get_info_by_fd(map.get(), &info, &length) != 0 || !is_table(info.type)) continue;
    if (const auto entries = count_entries(map.get(), info))
      figures.maps.push_back({name, *entries, info.max_entries});
  }
  for (const auto& [name, program] : side.fds().programs) {
    bpf_prog_info info{};
    std::uint32_t length = sizeof(info);
    if (bpf_obj_get_info_by_fd(program.get(), &info, &length) == 0 && info.run_cnt != 0)
      figures.programs.push_back({name, info.run_cnt, info.run_time_ns});
  }
  return figures;
}

}  // namespace aspis
