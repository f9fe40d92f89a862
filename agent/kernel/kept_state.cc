// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/kept_state.h"

#include <bpf/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <string>

namespace aspis {

KeptState::~KeptState() {
  if (memory_ != nullptr) ::munmap(memory_, bytes_);
}

Result<> KeptState::open(int map_fd) {
  bpf_map_info info{};
  std::uint32_t length = sizeof(info);
  if (map_fd < 0 || bpf_obj_get_info_by_fd(map_fd, &info, &length) != 0)
    return fail_errno("cannot look at the memory of agents");
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  bytes_ = (info.value_size + page - 1) / page * page;
  void* mapped = ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED, map_fd, 0);
  if (mapped == MAP_FAILED) return fail_errno("cannot map the memory of agents");
  memory_ = static_cast<std::byte*>(mapped);
  slot_ = info.value_size / ASPIS_KEPT_SLOTS / sizeof(aspis_kept) * sizeof(aspis_kept);
  return {};
}

aspis_kept* KeptState::at(unsigned slot) const {
  return reinterpret_cast<aspis_kept*>(memory_ + slot * slot_);
}

/// Killed between any two of these stores, the slot says 0 or has all of it: the memory stays, and
/// stores of one processor are seen in their order.
Result<> KeptState::write(unsigned slot, std::uint64_t generation, std::string_view bytes) {
  if (bytes.size() > slot_ - sizeof(aspis_kept))
    return fail("names of profiles and packages take " + std::to_string(bytes.size() >> 10) +
                " KiB, and there is room for " + std::to_string(slot_ >> 10) +
                "; more takes a new start (policy_memory, --policy-memory)");
  aspis_kept* head = at(slot);
  __atomic_store_n(&head->generation, 0, __ATOMIC_SEQ_CST);
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  std::memcpy(head + 1, bytes.data(), bytes.size());
  head->length = bytes.size();
  __atomic_store_n(&head->generation, generation, __ATOMIC_RELEASE);
  return {};
}

Result<std::span<const std::byte>> KeptState::read(unsigned slot, std::uint64_t generation) const {
  const aspis_kept* head = at(slot);
  if (generation == 0 || __atomic_load_n(&head->generation, __ATOMIC_ACQUIRE) != generation ||
      head->length > slot_ - sizeof(aspis_kept))
    return fail("what an agent left of itself does not belong to the policy in force");
  return std::span(reinterpret_cast<const std::byte*>(head + 1), head->length);
}

}  // namespace aspis
