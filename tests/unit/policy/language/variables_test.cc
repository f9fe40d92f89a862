// SPDX-License-Identifier: Apache-2.0
// Expansion of variables, and what bounds it.
#include "policy/language/variables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aspis::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Variables variables(std::initializer_list<std::pair<const char*, std::vector<std::string>>> sets) {
  Variables out;
  for (const auto& [name, values] : sets) {
    for (const std::string& value : values) out.sets[name].values.push_back({value, {}, false});
    out.sets[name];
  }
  return out;
}

TEST(Variables, CrossProductInOrder) {
  Diagnostics diagnostics;
  const auto sets = variables({{"A", {"1", "2"}}, {"B", {"x", "@{A}"}}});
  EXPECT_THAT(expand({"/@{A}/@{B}", {}, false}, sets, diagnostics),
              ElementsAre("/1/x", "/1/1", "/1/2", "/2/x", "/2/1", "/2/2"));
  EXPECT_EQ(diagnostics.errors(), 0u);
}

TEST(Variables, UndefinedEmptyAndRecursiveAreErrors) {
  const auto sets = variables({{"A", {"@{B}"}}, {"B", {"@{A}"}}, {"E", {}}});
  for (const char* text : {"@{U}", "@{E}", "@{A}"}) {
    Diagnostics diagnostics;
    EXPECT_THAT(expand({text, {}, false}, sets, diagnostics), IsEmpty()) << text;
    EXPECT_EQ(diagnostics.errors(), 1u) << text;
  }
}

TEST(Variables, NamesWithoutBracesAreText) {
  Diagnostics diagnostics;
  EXPECT_THAT(expand({"@socket\\@{X}", {}, false}, {}, diagnostics), ElementsAre("@socket\\@{X}"));
}

TEST(Variables, ExpansionIsBounded) {
  Variables sets;
  for (int i = 0; i < 60; i++) {
    const std::string next = "@{V" + std::to_string(i + 1) + "}";
    sets.sets["V" + std::to_string(i)].values.push_back({next + next, {}, false});
  }
  sets.sets["V60"].values.push_back({"x", {}, false});
  Diagnostics diagnostics;
  EXPECT_THAT(expand({"@{V0}", {}, false}, sets, diagnostics, {64, true}), IsEmpty());
  EXPECT_EQ(diagnostics.errors(), 1u);
}

}  // namespace
}  // namespace aspis::policy
