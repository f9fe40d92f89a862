// SPDX-License-Identifier: Apache-2.0
// Deterministic automata: built from rules by subset construction, then minimised.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "policy/automaton/classes.h"
#include "policy/automaton/expression.h"
#include "policy/automaton/positions.h"
#include "policy/automaton/sequence_pool.h"

namespace aspis::automaton {

struct Rule {
  ExpressionId expression;
  RuleId id;  // several expressions may share one
};

struct DfaLimits {
  /// States before minimisation. Of real profiles, the largest that fits into 65535 minimised
  /// states needs 150'000.
  uint32_t states = 200'000;
  /// Numbers in the sets of positions that are kept, four bytes each: what bounds memory and, with
  /// it, time.
  size_t entries = 32'000'000;
};

/// State 0 is dead: it accepts nothing, and no byte leads out of it. Most states lead to a handful
/// of others, so a row holds each target once, and its shape tells which class takes which: a tenth
/// of the memory of a full row.
struct Dfa {
  ByteClasses classes;
  uint32_t start = 0;
  std::vector<uint32_t> shape;    // by state: id in `shapes`
  SequencePool shapes;            // by class: index into the targets of the state
  std::vector<uint32_t> row{0};   // by state, and the end: where its targets begin
  std::vector<uint32_t> targets;  // of each state, all different
  std::vector<uint32_t> accept;   // by state: id in accept_sets
  SequencePool accept_sets;       // sorted rule ids; id 0 is the empty set
  std::vector<RuleId>
      heaviest;  // the rules that are in the most states, the heaviest first; at most 8

  [[nodiscard]] uint32_t states() const { return static_cast<uint32_t>(accept.size()); }
  [[nodiscard]] uint32_t next(uint32_t state, uint32_t byte_class) const {
    return targets[row[state] + shapes[shape[state]][byte_class]];
  }
};

/// Subset construction over all rules together. BlowUp names the heaviest rules when a limit is
/// passed.
[[nodiscard]] tl::expected<Dfa, BlowUp> build_dfa(Expressions& expressions,
                                                  std::span<const Rule> rules,
                                                  const DfaLimits& limits = {});

/// What it means that these rules (sorted ids) match, and no others. Called once for each set; of
/// none, it tells the outcome of what nothing matches.
using OutcomeOf = std::function<uint32_t(std::span<const RuleId>)>;

/// State 0 is dead. States that no input can tell apart by outcome are one, and so are such
/// classes.
struct MinimalDfa {
  ByteClasses classes;
  uint32_t start = 0;
  // [state * classes.count + class]; empty if there are more states than a table holds
  std::vector<uint16_t> next;
  std::vector<uint32_t> outcome;  // by state

  [[nodiscard]] uint32_t states() const { return static_cast<uint32_t>(outcome.size()); }
};

/// Hopcroft's algorithm, in the form for partial automata (Valmari, Lehtinen 2008). States are
/// numbered breadth first.
MinimalDfa minimise(const Dfa& dfa, const OutcomeOf& outcome_of);

}  // namespace aspis::automaton
