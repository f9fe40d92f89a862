// SPDX-License-Identifier: Apache-2.0
#include "policy/automaton/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/policy/automaton/compiled.h"

namespace aspis::automaton {
namespace {

TEST(Table, ARowIsNextStatesAndTheOutcome) {
  const Compiled compiled({"/a", "/b"});
  const Table& table = compiled.table;
  EXPECT_EQ(table.width, 5);  // "/", "a", "b", all others, and the outcome
  EXPECT_EQ(table.rows.size(), table.states() * table.width);
  EXPECT_EQ(table.outcome(0), 0);
  EXPECT_EQ(table.outcome(table.start), 0);
}

TEST(Table, MatchingGoesOnFromAnyState) {
  const Compiled compiled({"/a\\000/b", "/a"});
  const Table& table = compiled.table;
  const uint16_t first = match(table, table.start, "/a");
  EXPECT_EQ(compiled.outcomes[table.outcome(first)], (RuleIds{1}));
  const uint16_t pair = match(table, match(table, first, std::string_view("\0", 1)), "/b");
  EXPECT_EQ(compiled.outcomes[table.outcome(pair)], (RuleIds{0}));
  EXPECT_EQ(match(table, 0, "/a"), 0);
  EXPECT_EQ(match(table, first, ""), first);
}

/// A chain of states, each with an outcome of its own.
MinimalDfa chain(uint32_t states) {
  MinimalDfa dfa;
  dfa.start = 1;
  for (uint32_t state = 0; state < states; ++state) {
    dfa.next.push_back(state == 0 || state + 1 == states ? 0 : state + 1);
    dfa.outcome.push_back(state);
  }
  return dfa;
}

TEST(Table, HoldsAllThatSixteenBitsCanName) {
  const auto table = make_table(chain(65536));
  ASSERT_TRUE(table);
  EXPECT_EQ(match(*table, table->start, std::string(65534, 'x')), 65535);
  EXPECT_EQ(table->outcome(65535), 65535);
}

TEST(Table, RefusesMore) {
  const auto states = make_table(chain(65537));
  ASSERT_FALSE(states);
  EXPECT_THAT(states.error().message, testing::HasSubstr("need 65537 states"));
  MinimalDfa dfa = chain(3);
  dfa.outcome[2] = 65536;
  const auto outcomes = make_table(dfa);
  ASSERT_FALSE(outcomes);
  EXPECT_THAT(outcomes.error().message, testing::HasSubstr("outcomes"));
}

}  // namespace
}  // namespace aspis::automaton
