// SPDX-License-Identifier: Apache-2.0
// Interned sequences of numbers: equal sequences get the same id, and live side by side in one
// array.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace aspis::automaton {

class SequencePool {
 public:
  struct Interned {
    uint32_t id;
    bool is_new;
  };

  /// The id of an equal sequence, or the next free id (they count from 0) after copying this one.
  /// `sequence` must not point into this pool: it may move.
  Interned intern(std::span<const uint32_t> sequence);

  /// Gives back what only intern() needs: it must not be called any more.
  void seal();

  /// Valid until the next intern().
  [[nodiscard]] std::span<const uint32_t> operator[](uint32_t id) const {
    return {values_.data() + starts_[id], starts_[id + 1] - starts_[id]};
  }

  /// Number of sequences.
  [[nodiscard]] uint32_t size() const { return static_cast<uint32_t>(starts_.size() - 1); }

  /// Sum of their lengths.
  [[nodiscard]] size_t total() const { return values_.size(); }

 private:
  void grow();

  std::vector<uint32_t> values_;
  std::vector<size_t> starts_{0};
  std::vector<uint64_t> hashes_;
  std::vector<uint32_t> slots_;  // open addressing: id + 1, 0 is free; the size is a power of two
};

}  // namespace aspis::automaton
