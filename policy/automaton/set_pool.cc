// SPDX-License-Identifier: Apache-2.0
#include "policy/automaton/set_pool.h"

#include <algorithm>

namespace aspis::automaton {
namespace {

constexpr size_t kFirstSlots = 64;
constexpr uint32_t kMore = 0x80;

uint32_t hash_of(std::span<const uint32_t> set) {
  uint64_t hash = set.size();
  for (uint32_t value : set) {
    hash = (hash ^ value) * 0x9e3779b97f4a7c15ULL;
    hash ^= hash >> 29;
  }
  return static_cast<uint32_t>(hash);
}

}  // namespace

void SetPool::grow() {
  slots_.assign(std::max(kFirstSlots, slots_.size() * 2), 0);
  const size_t mask = slots_.size() - 1;
  for (uint32_t id = 0; id < size(); ++id) {
    size_t slot = hashes_[id] & mask;
    while (slots_[slot] != 0) slot = (slot + 1) & mask;
    slots_[slot] = id + 1;
  }
}

void SetPool::pack(std::span<const uint32_t> set) {
  packed_.clear();
  uint32_t before = 0;
  for (uint32_t value : set) {
    uint32_t rest = value - before;
    for (; rest >= kMore; rest >>= 7) packed_.push_back(static_cast<uint8_t>(rest | kMore));
    packed_.push_back(static_cast<uint8_t>(rest));
    before = value;
  }
}

SetPool::Interned SetPool::intern(std::span<const uint32_t> set) {
  if ((size() + size_t{1}) * 4 > slots_.size() * 3) grow();
  pack(set);
  const uint32_t hash = hash_of(set);
  const size_t mask = slots_.size() - 1;
  size_t slot = hash & mask;
  for (; slots_[slot] != 0; slot = (slot + 1) & mask) {
    const uint32_t id = slots_[slot] - 1;
    if (hashes_[id] != hash) continue;
    const std::span known(bytes_.data() + starts_[id], starts_[id + 1] - starts_[id]);
    if (std::ranges::equal(known, packed_)) return {id, false};
  }
  const uint32_t id = size();
  slots_[slot] = id + 1;
  hashes_.push_back(hash);
  bytes_.insert(bytes_.end(), packed_.begin(), packed_.end());
  starts_.push_back(bytes_.size());
  total_ += set.size();
  return {id, true};
}

void SetPool::read(uint32_t id, std::vector<uint32_t>& out) const {
  out.clear();
  uint32_t value = 0;
  for (size_t at = starts_[id]; at < starts_[id + 1];) {
    uint32_t difference = 0;
    for (uint32_t shift = 0;; shift += 7) {
      const uint32_t byte = bytes_[at++];
      difference |= (byte & ~kMore) << shift;
      if (byte < kMore) break;
    }
    value += difference;
    out.push_back(value);
  }
}

}  // namespace aspis::automaton
