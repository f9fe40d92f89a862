// SPDX-License-Identifier: Apache-2.0
#include "policy/automaton/classes.h"

namespace aspis::automaton {

ByteClasses byte_classes(std::span<const ByteSet> sets) {
  constexpr uint32_t kNone = 256;
  ByteClasses classes;
  for (const ByteSet& set : sets) {
    // Split each class into the bytes outside and inside of the set, numbering afresh.
    std::array<std::array<uint32_t, 2>, 256> renumbered;
    for (auto& pair : renumbered) pair = {kNone, kNone};
    uint32_t count = 0;
    for (uint32_t byte = 0; byte < 256; ++byte) {
      uint32_t& number = renumbered[classes.of[byte]][set[byte] ? 1 : 0];
      if (number == kNone) number = count++;
      classes.of[byte] = static_cast<uint8_t>(number);
    }
    classes.count = count;
  }
  return classes;
}

}  // namespace aspis::automaton
