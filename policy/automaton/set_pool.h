// SPDX-License-Identifier: Apache-2.0
// Interned sets of numbers, packed: subset construction keeps each state's positions, and they are
// most of the memory that compiling takes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace aspis::automaton {

class SetPool {
 public:
  struct Interned {
    uint32_t id;
    bool is_new;
  };

  /// The id of an equal set, or the next free id (they count from 0). `set` is sorted, each once.
  Interned intern(std::span<const uint32_t> set);

  /// Puts the members of a set into `out`, sorted.
  void read(uint32_t id, std::vector<uint32_t>& out) const;

  /// Number of sets, and of their members altogether.
  [[nodiscard]] uint32_t size() const { return static_cast<uint32_t>(hashes_.size()); }
  [[nodiscard]] size_t total() const { return total_; }

 private:
  void grow();
  void pack(std::span<const uint32_t> set);

  std::vector<uint8_t> bytes_;  // differences, seven bits a byte, the last one without the high bit
  std::vector<size_t> starts_{0};
  std::vector<uint32_t> hashes_;
  std::vector<uint32_t> slots_;  // open addressing: id + 1, 0 is free; the size is a power of two
  std::vector<uint8_t> packed_;  // of the set at hand
  size_t total_ = 0;
};

}  // namespace aspis::automaton
