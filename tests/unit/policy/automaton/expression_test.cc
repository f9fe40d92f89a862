// SPDX-License-Identifier: Apache-2.0
#include "policy/automaton/expression.h"

#include <algorithm>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/automaton/classes.h"
#include "policy/automaton/positions.h"

namespace aspis::automaton {
namespace {

class ExpressionsTest : public testing::Test {
 protected:
  ExpressionId text(std::string_view bytes) {
    std::vector<ExpressionId> parts;
    for (char byte : bytes) parts.push_back(expressions_.byte(static_cast<uint8_t>(byte)));
    return expressions_.concat(parts);
  }

  ExpressionId concat(std::vector<ExpressionId> parts) { return expressions_.concat(parts); }
  ExpressionId any_of(std::vector<ExpressionId> parts) { return expressions_.alternate(parts); }

  Expressions expressions_;
};

TEST_F(ExpressionsTest, EqualOnesAreOne) {
  EXPECT_EQ(text("abc"), concat({text("ab"), text("c")}));
  EXPECT_EQ(concat({text("a")}), text("a"));
  EXPECT_EQ(concat({expressions_.empty(), text("a")}), text("a"));
  EXPECT_EQ(concat({}), expressions_.empty());
  EXPECT_EQ(any_of({text("ab"), text("cd")}), any_of({text("cd"), text("ab"), text("cd")}));
  EXPECT_EQ(any_of({text("a"), text("b")}), expressions_.set(ByteSet{}.set('a').set('b')));
  EXPECT_EQ(any_of({}), expressions_.set({}));
  const ExpressionId star = expressions_.star(text("a"));
  EXPECT_EQ(expressions_.star(star), star);
  EXPECT_EQ(expressions_.star(expressions_.empty()), expressions_.empty());
}

TEST_F(ExpressionsTest, AlternativesShareTheirBeginnings) {
  EXPECT_EQ(any_of({text("abc"), text("abd")}),
            concat({text("ab"), expressions_.set(ByteSet{}.set('c').set('d'))}));
  EXPECT_EQ(any_of({text("a"), text("ab"), text("abcd")}),
            concat({text("a"),
                    any_of({expressions_.empty(),
                            concat({text("b"), any_of({expressions_.empty(), text("cd")})})})}));
  const ExpressionId star = expressions_.star(text("x"));
  EXPECT_EQ(any_of({concat({star, text("ab")}), concat({star, text("cd")})}),
            concat({star, any_of({text("ab"), text("cd")})}));
}

TEST_F(ExpressionsTest, ManyNestedBeginnings) {
  std::vector<ExpressionId> words;
  for (size_t length = 0; length < 500; ++length) words.push_back(text(std::string(length, 'a')));
  const ExpressionId all = concat({any_of(words), expressions_.accept(1)});
  const auto positions = find_positions(expressions_, all, 10'000'000);
  ASSERT_TRUE(positions);
  EXPECT_EQ(positions->set.size(), 500U);  // 499 times a, and the end
}

TEST_F(ExpressionsTest, Followpos) {
  // (a|b)*abb#, the example of the book, positions from 0
  const ExpressionId ab = expressions_.set(ByteSet{}.set('a').set('b'));
  const ExpressionId root = concat({expressions_.star(ab), text("abb"), expressions_.accept(7)});
  const auto positions = find_positions(expressions_, root, 1000);
  ASSERT_TRUE(positions);
  const auto follow = [&](uint32_t position) {
    const auto set = positions->follows[positions->follow[position]];
    return std::vector<uint32_t>(set.begin(), set.end());
  };
  EXPECT_EQ(follow(0), (std::vector<uint32_t>{0, 1}));
  EXPECT_EQ(follow(1), (std::vector<uint32_t>{2}));
  EXPECT_EQ(follow(3), (std::vector<uint32_t>{4}));
  EXPECT_EQ(follow(4), (std::vector<uint32_t>{}));
  EXPECT_EQ(positions->marks, (std::vector<RuleId>{7}));
  EXPECT_THAT(positions->mark_lo, testing::Each(0));
  EXPECT_THAT(positions->mark_hi, testing::Each(1));
}

TEST_F(ExpressionsTest, PositionsKnowTheRulesTheyLeadTo) {
  const ExpressionId root = any_of({concat({text("ab"), expressions_.accept(1)}),
                                    concat({text("ac"), expressions_.accept(2)}),
                                    concat({text("xy"), expressions_.accept(3)})});
  const auto positions = find_positions(expressions_, root, 1000);
  ASSERT_TRUE(positions);
  std::multiset<std::vector<RuleId>> found;
  for (size_t i = 0; i < positions->set.size(); ++i) {
    std::vector<RuleId> rules(positions->marks.begin() + positions->mark_lo[i],
                              positions->marks.begin() + positions->mark_hi[i]);
    std::ranges::sort(rules);
    found.insert(rules);
  }
  EXPECT_EQ(found, (std::multiset<std::vector<RuleId>>{{1, 2}, {1}, {1}, {2}, {2}, {3}, {3}, {3}}));
}

TEST_F(ExpressionsTest, TooManyPairsAreAnErrorThatNamesTheRule) {
  // {a,}{b,}{a,}...: each position may follow each earlier one
  std::vector<ExpressionId> parts;
  for (int i = 0; i < 5000; ++i) {
    parts.push_back(any_of({text(i % 2 == 0 ? "a" : "b"), expressions_.empty()}));
  }
  parts.push_back(expressions_.accept(42));
  const auto positions = find_positions(expressions_, concat(parts), 1'000'000);
  ASSERT_FALSE(positions);
  EXPECT_EQ(positions.error().rules, (std::vector<RuleId>{42}));
}

TEST(ByteClasses, AreTheCoarsest) {
  EXPECT_EQ(byte_classes({}).count, 1U);
  const ByteSet not_nul = ~ByteSet{}.set(0);
  const ByteSet letters = ByteSet{}.set('a').set('b');
  const std::vector<ByteSet> sets{not_nul, letters, ByteSet{}.set('b'), ~letters};
  const ByteClasses classes = byte_classes(sets);
  EXPECT_EQ(classes.count, 4U);
  EXPECT_EQ(classes.of[0], 0);
  EXPECT_EQ(classes.of[1], 1);
  EXPECT_EQ(classes.of['a'], 2);
  EXPECT_EQ(classes.of['b'], 3);
  EXPECT_EQ(classes.of['c'], 1);
  std::vector<ByteSet> single;
  for (size_t byte = 0; byte < 256; ++byte) single.push_back(ByteSet{}.set(byte));
  EXPECT_EQ(byte_classes(single).count, 256U);
}

}  // namespace
}  // namespace aspis::automaton
