// SPDX-License-Identifier: Apache-2.0
// Beginnings of what globs match: those from which the glob's own automaton can still accept.
#include "policy/tables/spelling.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "policy/automaton/aare.h"
#include "policy/automaton/table.h"
#include "tests/naive/random_rules.h"

namespace aspis::policy {
namespace {

automaton::Table table_of(automaton::Expressions& expressions, automaton::ExpressionId expression) {
  const automaton::Rule rules[] = {{expression, 0}};
  const auto dfa = automaton::build_dfa(expressions, rules);
  return automaton::make_table(
             automaton::minimise(
                 *dfa, [](auto matching) -> std::uint32_t { return matching.empty() ? 0 : 1; }))
      .value();
}

/// All texts of up to five of these letters.
std::vector<std::string> all_texts() {
  std::vector<std::string> texts{""};
  for (std::size_t i = 0; i < texts.size() && texts[i].size() < 5; i++)
    for (const char c : {'a', 'b', '/'}) texts.push_back(texts[i] + c);
  return texts;
}

TEST(Spelling, BeginningsAreWhatCanBeContinued) {
  naive::Random random(naive::seed_or(20261123));
  const std::vector<std::string> pieces = {"a",   "b",      "ab",     "/",    "*",   "**", "?",
                                           "[a]", "{a,bb}", "{,a*b}", "[^a]", "a/b", "b*"};
  const std::vector<std::string> texts = all_texts();
  std::size_t begun = 0, all = 0;
  for (int glob = 0; glob < 200; glob++) {
    std::string text;
    for (std::size_t n = random.below(5); n > 0; n--) text += random.one_of(pieces);
    automaton::Expressions expressions;
    const auto whole = automaton::parse_aare(expressions, text, {.filter_slashes = false});
    ASSERT_TRUE(whole) << text;
    const automaton::Table own = table_of(expressions, whole->expression);
    const automaton::Table begins =
        table_of(expressions, beginnings(expressions, whole->expression));
    for (const std::string& one : texts) {
      // In a minimal automaton every state but the dead one leads to an end.
      const bool can = automaton::match(own, own.start, one) != 0;
      ASSERT_EQ(begins.outcome(automaton::match(begins, begins.start, one)) != 0, can)
          << text << " " << one;
      begun += can ? 1 : 0;
      all++;
    }
  }
  EXPECT_GT(begun, all / 20);
  EXPECT_LT(begun, all);
}

}  // namespace
}  // namespace aspis::policy
