// SPDX-License-Identifier: Apache-2.0
#include "policy/automaton/dfa.h"

#include <set>

#include <gtest/gtest.h>

#include "tests/unit/policy/automaton/compiled.h"

namespace aspis::automaton {
namespace {

TEST(Dfa, EachStateHasTheRulesThatMatch) {
  const Compiled compiled({"/etc/*", "/etc/passwd", "/**", "/etc/{passwd,shadow}"});
  EXPECT_EQ(compiled.matching("/etc/passwd"), (RuleIds{0, 1, 2, 3}));
  EXPECT_EQ(compiled.matching("/etc/shadow"), (RuleIds{0, 2, 3}));
  EXPECT_EQ(compiled.matching("/etc/hosts"), (RuleIds{0, 2}));
  EXPECT_EQ(compiled.matching("/etc/"), (RuleIds{2}));
  EXPECT_EQ(compiled.matching("/"), (RuleIds{}));
  EXPECT_EQ(compiled.dfa.accept_sets.size(), 5U);  // with the empty one
}

TEST(Dfa, StateZeroIsDead) {
  const Compiled compiled({"/a", "/b*"});
  for (uint32_t c = 0; c < compiled.dfa.classes.count; ++c) EXPECT_EQ(compiled.dfa.next(0, c), 0U);
  for (uint32_t c = 0; c < compiled.minimal.classes.count; ++c) {
    EXPECT_EQ(compiled.minimal.next[c], 0U);
  }
  EXPECT_EQ(compiled.dfa.accept[0], 0U);
  EXPECT_EQ(walk(compiled.dfa, "x/a"), 0U);
  EXPECT_EQ(compiled.minimal.start, 1U);
}

TEST(Dfa, NoRulesMatchNothing) {
  const Compiled compiled({});
  EXPECT_EQ(compiled.matching(""), (RuleIds{}));
  EXPECT_EQ(compiled.matching("/a"), (RuleIds{}));
  EXPECT_EQ(compiled.minimal.states(), 1U);
}

TEST(Dfa, SeveralExpressionsOfOneRule) {
  Expressions expressions;
  auto rules = rules_of(expressions, {"/a", "/b", "/c"});
  rules[2].id = 0;
  rules.push_back(rules[0]);
  const Dfa dfa = build_dfa(expressions, rules).value();
  for (const char* text : {"/a", "/c"}) {
    const auto accepted = dfa.accept_sets[dfa.accept[walk(dfa, text)]];
    EXPECT_EQ(RuleIds(accepted.begin(), accepted.end()), (RuleIds{0})) << text;
  }
}

TEST(Dfa, RuleIdsMayBeAnyNumbers) {
  Expressions expressions;
  auto rules = rules_of(expressions, {"/a", "/*"});
  rules[0].id = 4'000'000'000;
  rules[1].id = 17;
  const Dfa dfa = build_dfa(expressions, rules).value();
  const auto accepted = dfa.accept_sets[dfa.accept[walk(dfa, "/a")]];
  EXPECT_EQ(RuleIds(accepted.begin(), accepted.end()), (RuleIds{17, 4'000'000'000}));
}

TEST(Minimise, RulesThatMeanTheSameMerge) {
  Expressions expressions;
  const auto rules = rules_of(expressions, {"/abcd", "/xbcd", "/y"});
  const Dfa dfa = build_dfa(expressions, rules).value();
  const auto any = [](std::span<const RuleId> matching) { return matching.empty() ? 0U : 9U; };
  const MinimalDfa minimal = minimise(dfa, any);
  EXPECT_EQ(minimal.states(), 7U);  // dead, start, after /, after a or x, b, c, the end
  EXPECT_EQ(minimal.outcome[0], 0U);
  const auto each = [](std::span<const RuleId> matching) {
    return matching.empty() ? 0U : matching[0] + 1;
  };
  EXPECT_EQ(minimise(dfa, each).states(), 12U);
}

TEST(Minimise, WhatMeansNothingIsDead) {
  Expressions expressions;
  const auto rules = rules_of(expressions, {"/a/**", "/b"});
  const Dfa dfa = build_dfa(expressions, rules).value();
  const auto only_b = [](std::span<const RuleId> matching) {
    return !matching.empty() && matching[0] == 1 ? 5U : 3U;
  };
  const MinimalDfa minimal = minimise(dfa, only_b);
  EXPECT_EQ(minimal.states(), 4U);  // dead, start, after /, after b
  EXPECT_EQ(minimal.outcome, (std::vector<uint32_t>{3, 3, 3, 5}));
  EXPECT_EQ(minimal.classes.count, 3U);  // a is like any other byte now
  const MinimalDfa none = minimise(dfa, [](std::span<const RuleId>) { return 8U; });
  EXPECT_EQ(none.states(), 1U);
  EXPECT_EQ(none.start, 0U);
  EXPECT_EQ(none.outcome, (std::vector<uint32_t>{8}));
}

TEST(Minimise, AsksOnceForEachSet) {
  Expressions expressions;
  const auto rules = rules_of(expressions, {"/*", "/a*", "/b"});
  const Dfa dfa = build_dfa(expressions, rules).value();
  std::multiset<RuleIds> asked;
  minimise(dfa, [&](std::span<const RuleId> matching) {
    asked.emplace(matching.begin(), matching.end());
    return 0U;
  });
  EXPECT_EQ(asked, (std::multiset<RuleIds>{{}, {0}, {0, 1}, {0, 2}}));
}

}  // namespace
}  // namespace aspis::automaton
