// SPDX-License-Identifier: Apache-2.0
// Byte equivalence classes: bytes that no rule tells apart share a column of the automaton.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "policy/automaton/expression.h"

namespace aspis::automaton {

struct ByteClasses {
  std::array<uint8_t, 256> of{};  // byte -> class
  uint32_t count = 1;             // 1 to 256; classes are numbered by their first byte
};

/// The coarsest classes of which every one of these sets is a union.
ByteClasses byte_classes(std::span<const ByteSet> sets);

}  // namespace aspis::automaton
