// SPDX-License-Identifier: Apache-2.0
// Rules made into automata, for tests: a rule's id is its index, an outcome stands for the set of
// rules that match.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "policy/automaton/aare.h"
#include "policy/automaton/dfa.h"
#include "policy/automaton/table.h"

namespace aspis::automaton {

using RuleIds = std::vector<RuleId>;

/// State of the automaton before minimisation.
inline uint32_t walk(const Dfa& dfa, std::string_view bytes) {
  uint32_t state = dfa.start;
  for (char byte : bytes) {
    state = dfa.next(state, dfa.classes.of[static_cast<uint8_t>(byte)]);
  }
  return state;
}

/// Rules of AAREs, parsed into `expressions`.
inline std::vector<Rule> rules_of(Expressions& expressions, const std::vector<std::string>& aares,
                                  const AareOptions& options = {}) {
  std::vector<Rule> rules;
  for (const std::string& text : aares) {
    const auto aare = parse_aare(expressions, text, options);
    EXPECT_TRUE(aare) << text << ": " << aare.error().message;
    if (aare) rules.push_back({aare->expression, static_cast<RuleId>(rules.size())});
  }
  return rules;
}

struct Compiled {
  explicit Compiled(const std::vector<std::string>& aares, const AareOptions& options = {}) {
    Expressions expressions;
    auto built = build_dfa(expressions, rules_of(expressions, aares, options));
    EXPECT_TRUE(built);
    if (!built) return;
    dfa = *std::move(built);
    minimal = minimise(dfa, [&](std::span<const RuleId> rules) {
      outcomes.emplace_back(rules.begin(), rules.end());
      return static_cast<uint32_t>(outcomes.size() - 1);
    });
    auto made = make_table(minimal);
    EXPECT_TRUE(made);
    if (made) table = *std::move(made);
  }

  /// By the table.
  [[nodiscard]] const RuleIds& matching(std::string_view bytes) const {
    return outcomes.at(table.outcome(match(table, table.start, bytes)));
  }

  /// By the automaton before minimisation.
  [[nodiscard]] RuleIds matching_unminimised(std::string_view bytes) const {
    const auto rules = dfa.accept_sets[dfa.accept.at(walk(dfa, bytes))];
    return {rules.begin(), rules.end()};
  }

  Dfa dfa;
  MinimalDfa minimal;
  Table table;
  std::vector<RuleIds> outcomes;
};

/// Does this AARE alone match?
inline bool matches(const std::string& aare, std::string_view bytes,
                    const AareOptions& options = {}) {
  return !Compiled({aare}, options).matching(bytes).empty();
}

}  // namespace aspis::automaton
