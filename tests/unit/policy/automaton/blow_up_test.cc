// SPDX-License-Identifier: Apache-2.0
// Rules whose automaton explodes: it stops at the limit, and says who it was.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/policy/automaton/compiled.h"

namespace aspis::automaton {
namespace {

/// Each of these doubles the number of states, roughly: whether its middle was seen has to be
/// remembered.
std::vector<std::string> exploding(int count) {
  std::vector<std::string> aares;
  for (int i = 0; i < count; ++i) {
    const auto letter = static_cast<char>('a' + i);
    aares.push_back("/sys/devices/**/" + std::string(2, letter) + "/**/" + letter + "Y");
  }
  return aares;
}

TEST(BlowUp, IsAnErrorThatNamesTheRules) {
  std::vector<std::string> aares;
  for (int i = 0; i < 40; ++i) aares.push_back("/usr/lib/x" + std::to_string(i) + "/*.so");
  const auto bad = exploding(12);
  aares.insert(aares.begin() + 20, bad.begin(), bad.end());
  Expressions expressions;
  const auto rules = rules_of(expressions, aares);
  const auto dfa = build_dfa(expressions, rules, {.states = 20'000});
  ASSERT_FALSE(dfa);
  EXPECT_THAT(dfa.error().message, testing::HasSubstr("more than 20000 states"));
  EXPECT_EQ(dfa.error().rules.size(), 8U);
  EXPECT_THAT(dfa.error().rules, testing::Each(testing::AllOf(testing::Ge(20), testing::Lt(32))));
}

TEST(BlowUp, MemoryIsALimitToo) {
  Expressions expressions;
  const auto rules = rules_of(expressions, exploding(12));
  const auto dfa = build_dfa(expressions, rules, {.states = 1'000'000, .entries = 50'000});
  ASSERT_FALSE(dfa);
  EXPECT_THAT(dfa.error().message, testing::HasSubstr("more than 50000 positions"));
  EXPECT_FALSE(dfa.error().rules.empty());
}

TEST(BlowUp, WithinTheLimitItIsBuilt) {
  const Compiled compiled(exploding(6));
  EXPECT_GT(compiled.minimal.states(), 500U);
  EXPECT_EQ(compiled.matching("/sys/devices/x/cc/y/z/cY"), (RuleIds{2}));
  EXPECT_EQ(compiled.matching("/sys/devices/x/dd/y/z/cY"), (RuleIds{}));
  EXPECT_THAT(compiled.dfa.heaviest, testing::SizeIs(6));
}

TEST(BlowUp, HostileAlternationsEndToo) {
  std::string optional = "/";
  for (int i = 0; i < 5000; ++i) optional += i % 2 == 0 ? "{a,}" : "{b,}";
  Expressions expressions;
  const auto rules = rules_of(expressions, {"/x", optional});
  const auto dfa = build_dfa(expressions, rules, {.entries = 1'000'000});
  ASSERT_FALSE(dfa);
  EXPECT_EQ(dfa.error().rules, (RuleIds{1}));
}

}  // namespace
}  // namespace aspis::automaton
