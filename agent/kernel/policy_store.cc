// SPDX-License-Identifier: Apache-2.0
// The arena has two halves: a new policy is laid out in the one that is not in use.
#include "agent/kernel/policy_store.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstring>
#include <thread>

#include "agent/kernel/map_window.h"

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

Result<> PolicyStore::open(int map_fd, std::size_t bytes, volatile std::uint32_t* root) {
  arena_ = map_fd;
  bytes_ = bytes;
  root_ = root;
  return {};
}

/// Half of the arena and a slot of what is kept go by the generation: what was being written when
/// the other agent was killed is not what belongs to the root.
Result<> PolicyStore::adopt() {
  const std::uint32_t root = __atomic_load_n(const_cast<std::uint32_t*>(root_), __ATOMIC_ACQUIRE);
  if (root > bytes_ - sizeof(aspis_policy_root)) return fail("its root is beyond its memory");
  if (root != 0) {
    const auto at = TRY(MapWindow::open(arena_, root, sizeof(aspis_policy_root), false));
    generation_ = reinterpret_cast<const aspis_policy_root*>(at.data())->generation;
    names_ = TRY(PolicyNames::read(TRY(kept_->read(slot(generation_), generation_))));
  }
  grace_period();
  return signed_files_.adopt(generation_);
}

Result<> PolicyStore::replace(const policy::CompiledPolicy& policy,
                              std::span<const SignedFile> files) {
  PolicyNames names = names_;
  TRYV(names.put_in_force(policy));
  const policy::IdOf id_of = [&names](std::string_view name) { return names.id_of(name); };

  const std::size_t half = bytes_ / 2;
  const std::size_t begin = generation_ % 2 == 0 ? ASPIS_ARENA_ALIGN : half;
  const std::size_t end = begin < half ? half : bytes_;
  policy::Bytes image;
  const auto put = [&](const policy::Bytes& bytes) {
    if (bytes.size() > end - begin - image.size()) return false;
    image.insert(image.end(), bytes.begin(), bytes.end());
    return true;
  };
  const auto base = [&] { return static_cast<std::uint32_t>(begin + image.size()); };
  std::vector<std::uint32_t> offsets(names.size());
  bool fits = true;
  for (const auto& profile : policy.profiles) {
    offsets[id_of(profile.name)] = base();
    fits = fits && put(TRY(lay_out_profile(policy, profile, base(), id_of)));
  }
  const std::uint32_t root = base();
  fits = fits && put(TRY(lay_out_root(policy, generation_ + 1, root, offsets, id_of)));
  if (!fits)
    return fail("the policy does not fit into the " + std::to_string(half >> 10) +
                " KiB that the kernel side was loaded with; more takes a new start (policy_memory, "
                "--policy-memory)");
  const auto arena = TRY(MapWindow::open(arena_, begin, image.size(), true));
  std::memcpy(arena.data(), image.data(), image.size());
  TRYV(signed_files_.prepare(generation_ + 1, files));
  if (kept_ != nullptr) {
    if (auto kept = kept_->write(slot(generation_ + 1), generation_ + 1, names.bytes()); !kept) {
      signed_files_.discard();
      return kept;
    }
  }
  if (prepare_containers_) {
    const auto* head = reinterpret_cast<const aspis_policy_root*>(image.data() + (root - begin));
    if (auto prepared = prepare_containers_(policy, generation_ + 1, head->containers); !prepared) {
      signed_files_.discard();
      return prepared;
    }
  }
  __atomic_store_n(const_cast<std::uint32_t*>(root_), root, __ATOMIC_RELEASE);
  ++generation_;
  names_ = std::move(names);
  grace_period();
  signed_files_.commit();
  return {};
}

}  // namespace aspis
