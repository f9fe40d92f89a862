// SPDX-License-Identifier: Apache-2.0
// The flat table that the kernel walks: a row for each state, the next states by class of byte and,
// in the last column, the outcome (bpf/abi/policy.h: aspis_automaton).
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
  uint16_t width = 1;                   // classes, and 1
  uint16_t start = 0;
  std::vector<uint16_t> rows{0};  // [state * width + class]; state 0 is dead

  [[nodiscard]] size_t states() const { return rows.size() / width; }
  [[nodiscard]] uint16_t outcome(uint16_t state) const {
    return rows[(size_t{state} + 1) * width - 1];
  }
};

/// Fails if there are more than 65536 states (the dead one included), or an outcome is above 65535.
Result<Table> make_table(const MinimalDfa& dfa);

/// The state after these bytes, from any state of the table.
inline uint16_t match(const Table& table, uint16_t start, std::string_view bytes) {
  uint16_t state = start;
  for (const char byte : bytes) {
    state = table.rows[size_t{state} * table.width + table.class_of[static_cast<uint8_t>(byte)]];
  }
  return state;
}

}  // namespace aspis::automaton
