// SPDX-License-Identifier: Apache-2.0
// The arena has two halves: a new policy is laid out in the one that is not in use.
#include "agent/kernel/policy_store.h"

#include <linux/membarrier.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstring>
#include <limits>
#include <thread>

namespace aspis {
namespace {

/// Offsets in the arena are 32 bits wide, and masked.
constexpr std::size_t kArenaMin = 4096;
constexpr std::size_t kArenaMax = std::size_t{1} << 31;

/// Waits until no BPF program that began before is still running: they run inside RCU read
/// sections.
void grace_period() {
  if (::syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) == 0) return;
  // Not with nohz_full (membarrier(2)): far longer than any program runs.
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
}

}  // namespace

Result<std::size_t> PolicyStore::arena_bytes(const policy::CompiledPolicy& policy) {
  const std::size_t image = TRY(policy::lay_out(policy)).bytes.size();
  return std::clamp(std::bit_ceil(2 * image), kArenaMin, kArenaMax);
}

PolicyStore::~PolicyStore() {
  if (arena_ != nullptr) ::munmap(arena_, bytes_ + ASPIS_ARENA_SLACK);
}

Result<> PolicyStore::open(int map_fd, std::size_t bytes, volatile std::uint32_t* root) {
  void* mapped =
      ::mmap(nullptr, bytes + ASPIS_ARENA_SLACK, PROT_READ | PROT_WRITE, MAP_SHARED, map_fd, 0);
  if (mapped == MAP_FAILED) return fail_errno("cannot map the memory of the policy");
  arena_ = static_cast<std::byte*>(mapped);
  bytes_ = bytes;
  root_ = root;
  return {};
}

std::uint16_t PolicyStore::number(std::string_view name) {
  const auto found = ids_.find(name);
  if (found != ids_.end()) return found->second;
  const auto id = static_cast<std::uint16_t>(names_.size());
  names_.emplace_back(name);
  ids_.emplace(name, id);
  return id;
}

Result<> PolicyStore::replace(const policy::CompiledPolicy& policy,
                              std::span<const SignedFile> files) {
  if (names_.size() + policy.profiles.size() > std::numeric_limits<std::uint16_t>::max())
    return fail("more than 65535 profiles");
  for (const auto& profile : policy.profiles) number(profile.name);
  // Targets that no profile has now may get one later: they have their ids from now on.
  for (const auto& profile : policy.profiles)
    for (const auto& exec : profile.execs)
      for (const auto& target : exec.targets) number(target);
  const policy::IdOf id_of = [this](std::string_view name) { return this->id_of(name); };

  const std::size_t half = bytes_ / 2;
  const std::size_t begin = generation_ % 2 == 0 ? ASPIS_ARENA_ALIGN : half;
  const std::size_t end = begin < half ? half : bytes_;
  std::size_t at = begin;
  const auto put = [&](const policy::Bytes& bytes) {
    if (bytes.size() > end - at) return false;
    std::memcpy(arena_ + at, bytes.data(), bytes.size());
    at += bytes.size();
    return true;
  };
  const auto base = [&] { return static_cast<std::uint32_t>(at); };
  std::vector<std::uint32_t> offsets(names_.size());
  bool fits = true;
  for (const auto& profile : policy.profiles) {
    offsets[id_of(profile.name)] = base();
    fits = fits && put(TRY(lay_out_profile(profile, base(), id_of,
                                           attaching_below(policy, profile.name, id_of))));
  }
  const std::uint32_t root = base();
  fits =
      fits && put(TRY(lay_out_root(generation_ + 1, root, offsets,
                                   attaching_below(policy, "", id_of), names_of(policy, id_of))));
  if (!fits)
    return fail(
        "the policy does not fit into the " + std::to_string(half >> 10) +
        " KiB that the kernel side was loaded with; more takes a new start (--policy-memory)");
  TRYV(signed_files_.prepare(generation_ + 1, files));
  __atomic_store_n(const_cast<std::uint32_t*>(root_), root, __ATOMIC_RELEASE);
  ++generation_;
  in_force_.clear();
  for (const auto& profile : policy.profiles) in_force_.insert(profile.name);
  packages_.clear();
  for (const auto& profile : policy.profiles)
    for (const auto& package : profile.packages)
      packages_[id_of(profile.name)].push_back(package.name);
  limits_.clear();
  for (const auto& profile : policy.profiles)
    if (profile.mode != ASPIS_MODE_UNCONFINED && profile.rlimits != policy::Limits{})
      limits_[id_of(profile.name)] = profile.rlimits;
  grace_period();
  signed_files_.commit();
  return {};
}

std::vector<std::string> PolicyStore::missing_from(const policy::CompiledPolicy& policy) const {
  std::set<std::string_view> kept;
  for (const auto& profile : policy.profiles) kept.insert(profile.name);
  std::vector<std::string> gone;
  for (const auto& name : in_force_)
    if (!kept.contains(name)) gone.push_back(name);
  return gone;
}

std::uint16_t PolicyStore::id_of(std::string_view name) const {
  const auto found = ids_.find(name);
  return found == ids_.end() ? 0 : found->second;
}

policy::Limits PolicyStore::limits_of(std::uint16_t id) const {
  const auto found = limits_.find(id);
  return found == limits_.end() ? policy::Limits{} : found->second;
}

std::string_view PolicyStore::package_of(std::uint16_t id, unsigned number) const {
  const auto found = packages_.find(id);
  if (found == packages_.end() || number >= found->second.size()) return {};
  return found->second[number];
}

std::string_view PolicyStore::name_of(std::uint16_t id) const {
  return id < names_.size() ? std::string_view(names_[id]) : std::string_view();
}

}  // namespace aspis
