// SPDX-License-Identifier: Apache-2.0
// Positions of an expression, and which may follow which (Aho, Sethi, Ullman: followpos).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "policy/automaton/expression.h"
#include "policy/automaton/sequence_pool.h"

namespace aspis::automaton {

/// The automaton would grow past its limits.
struct BlowUp {
  std::string message;        // a sentence for the user, without the rules
  std::vector<RuleId> rules;  // those that contribute most to it, the worst first; never empty
};

struct Positions {
  static constexpr uint32_t kEndMark = UINT32_MAX;

  std::vector<uint32_t> set;      // by position: index of its byte set, or kEndMark
  std::vector<uint32_t> follow;   // by position: id in `follows`; of an end mark, the empty one
  std::vector<uint32_t> mark_lo;  // by position: the end marks that it leads to are
  std::vector<uint32_t> mark_hi;  //   [mark_lo, mark_hi), counted in the order of positions
  std::vector<RuleId> marks;      // rule of each end mark
  SequencePool follows;           // sorted sets of positions; id 0 is the empty set
  uint32_t first = 0;             // in `follows`: where the expression begins
};

/// Of an alternation of concatenations that end in end marks. Fails when there are more positions,
/// or more pairs of positions that follow one another, than `limit`.
[[nodiscard]] tl::expected<Positions, BlowUp> find_positions(const Expressions& expressions,
                                                             ExpressionId root, size_t limit);

}  // namespace aspis::automaton
