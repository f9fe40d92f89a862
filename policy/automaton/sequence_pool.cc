// SPDX-License-Identifier: Apache-2.0
#include "policy/automaton/sequence_pool.h"

#include <algorithm>

namespace aspis::automaton {
namespace {

constexpr size_t kFirstSlots = 64;

uint64_t hash_of(std::span<const uint32_t> sequence) {
  uint64_t hash = sequence.size();
  for (uint32_t value : sequence) {
    hash = (hash ^ value) * 0x9e3779b97f4a7c15ULL;
    hash ^= hash >> 29;
  }
  return hash;
}

}  // namespace

void SequencePool::grow() {
  slots_.assign(std::max(kFirstSlots, slots_.size() * 2), 0);
  const size_t mask = slots_.size() - 1;
  for (uint32_t id = 0; id < size(); ++id) {
    size_t slot = hashes_[id] & mask;
    while (slots_[slot] != 0) slot = (slot + 1) & mask;
    slots_[slot] = id + 1;
  }
}

void SequencePool::seal() {
  std::vector<uint64_t>().swap(hashes_);
  std::vector<uint32_t>().swap(slots_);
  values_.shrink_to_fit();
  starts_.shrink_to_fit();
}

SequencePool::Interned SequencePool::intern(std::span<const uint32_t> sequence) {
  if ((size() + size_t{1}) * 2 > slots_.size()) grow();
  const uint64_t hash = hash_of(sequence);
  const size_t mask = slots_.size() - 1;
  size_t slot = hash & mask;
  for (; slots_[slot] != 0; slot = (slot + 1) & mask) {
    const uint32_t id = slots_[slot] - 1;
    if (hashes_[id] == hash && std::ranges::equal((*this)[id], sequence)) return {id, false};
  }
  const uint32_t id = size();
  slots_[slot] = id + 1;
  hashes_.push_back(hash);
  values_.insert(values_.end(), sequence.begin(), sequence.end());
  starts_.push_back(values_.size());
  return {id, true};
}

}  // namespace aspis::automaton
