// SPDX-License-Identifier: Apache-2.0
// The flat table that the kernel walks: one row of next states for all states that lead to the same
// places.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/automaton/dfa.h"

namespace aspis::automaton {

struct Table {
  std::array<uint8_t, 256> class_of{};  // byte -> class
  uint16_t classes = 1;                 // 1 to 256
  uint16_t start = 0;
  std::vector<uint16_t> row_of;      // by state
  std::vector<uint16_t> outcome_of;  // by state
  std::vector<uint16_t> next;        // [row * classes + class]; state 0 is dead

  [[nodiscard]] size_t states() const { return row_of.size(); }
  [[nodiscard]] size_t rows() const { return next.size() / classes; }

  /// Size in the kernel.
  [[nodiscard]] size_t bytes() const {
    return sizeof(class_of) + 2 * (row_of.size() + outcome_of.size() + next.size());
  }
};

/// Fails if there are more than 65536 states (the dead one included), or an outcome is above 65535.
Result<Table> make_table(const MinimalDfa& dfa);

/// The state after these bytes, from any state of the table; its outcome is outcome_of[state].
/// There is no early exit from the dead state: a loop without branches is what a BPF verifier and a
/// CPU like best.
inline uint16_t match(const Table& table, uint16_t start, std::string_view bytes) {
  const uint8_t* class_of = table.class_of.data();
  const uint16_t* row_of = table.row_of.data();
  const uint16_t* next = table.next.data();
  const uint32_t classes = table.classes;
  uint32_t state = start;
  for (size_t i = 0; i < bytes.size(); ++i) {
    state = next[row_of[state] * classes + class_of[static_cast<uint8_t>(bytes[i])]];
  }
  return static_cast<uint16_t>(state);
}

}  // namespace aspis::automaton
