// SPDX-License-Identifier: Apache-2.0
// What is no AARE: where, and in which words that is said.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/automaton/aare.h"

namespace aspis::automaton {
namespace {

struct Case {
  const char* description;
  std::string aare;
  size_t offset;
  const char* message;  // part of it
};

class AareErrors : public testing::TestWithParam<Case> {};

TEST_P(AareErrors, AreSaidWithTheirPlace) {
  const Case& test = GetParam();
  Expressions expressions;
  const auto aare = parse_aare(expressions, test.aare);
  ASSERT_FALSE(aare);
  EXPECT_EQ(aare.error().offset, test.offset);
  EXPECT_THAT(aare.error().message, testing::HasSubstr(test.message));
}

INSTANTIATE_TEST_SUITE_P(
    Cases, AareErrors,
    testing::Values(Case{"TrailingBackslash", "/a\\", 2, "nothing follows"},
                    Case{"BackslashEndsInClass", "/[a\\", 3, "nothing follows"},
                    Case{"OpenBrace", "/a{b,c", 2, "never closed"},
                    Case{"InnerOpenBrace", "/a{b,{c,d}", 2, "never closed"},
                    Case{"CloseBrace", "/ab}", 3, "closes nothing"},
                    Case{"NoComma", "/a{b}", 2, "needs a comma"},
                    Case{"NoAlternativeAtAll", "/a{}", 2, "needs a comma"},
                    Case{"CommaOfAnInnerOne", "/{a{b,c}}", 1, "needs a comma"},
                    Case{"OnlyAnEscapedComma", "/{a\\,b}", 1, "needs a comma"},
                    Case{"CommaInAClass", "/{a[,]b}", 1, "needs a comma"},
                    Case{"OpenBracket", "/a[bc", 2, "never closed"},
                    Case{"BracketAtTheEnd", "/a[", 2, "never closed"},
                    Case{"NegationAtTheEnd", "/a[^", 2, "never closed"},
                    Case{"CloseBracket", "/ab]", 3, "closes nothing"},
                    Case{"EmptyClass", "/alpha/[]beta", 7, "empty"},
                    Case{"EmptyNegatedClass", "/[^]", 1, "empty"},
                    Case{"ReversedRange", "/[az-a]", 3, "ends before it begins"},
                    Case{"TooDeep", std::string(50, '{') + "a", 49, "nested 50 deep"},
                    Case{"OffsetsAreThoseOfTheTextAsWritten", "/a///b]", 6, "closes nothing"}),
    [](const auto& info) { return info.param.description; });

}  // namespace
}  // namespace aspis::automaton
