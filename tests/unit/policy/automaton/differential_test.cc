// SPDX-License-Identifier: Apache-2.0
// Random rules and strings: the table, the automaton before minimisation and a plain backtracking
// matcher must agree.
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "tests/naive/glob.h"
#include "tests/unit/policy/automaton/compiled.h"

namespace aspis::automaton {
namespace {

constexpr int kProfiles = 1500;
constexpr int kStrings = 100;  // for each of them

/// A small alphabet, so that rules overlap and strings match.
class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}

  size_t below(size_t bound) { return engine_() % bound; }

  template <size_t N>
  std::string_view one_of(const std::string_view (&choices)[N]) {
    return choices[below(N)];
  }

  std::string aare(int depth = 0) {
    std::string text = depth == 0 ? "/" : "";
    for (size_t pieces = below(depth == 0 ? 7 : 4); pieces > 0; --pieces) {
      switch (below(12)) {
        case 0:
          text += one_of({"?", "[ab]", "[a-c]", "[^a]", "[^/]", "[/b-]", "[\\x61\\142]"});
          break;
        case 1:
          text += "*";
          break;
        case 2:
          text += "**";
          break;
        case 3:
          text += one_of({"/*", "/**", "/*/", "/**/", "//"});
          break;
        case 4:
          if (depth < 2) text += alternation(depth + 1);
          break;
        case 5:
          text += one_of({"\\*", "\\000", "\\x62", "\\d097", ",", "\\{", "."});
          break;
        default:
          text += one_of({"/", "a", "b", "c", "a", "b"});
          break;
      }
    }
    return text;
  }

  std::string string() {
    std::string text = "/";
    for (size_t length = below(9); length > 0; --length) text += byte();
    return text;
  }

  /// A string that the AARE is likely to match, more or less: its globs made into bytes, then
  /// changed.
  std::string mutated(const std::string& aare) {
    std::string text;
    bool skip = false;
    for (size_t i = 0; i < aare.size(); ++i) {
      const char c = aare[i];
      if (c == '{') skip = false;
      if (c == ',' && aare.find('}', i) != std::string::npos) skip = true;
      if (c == '}') skip = false;
      if (skip || c == '{' || c == '}' || c == '\\') continue;
      if (c == '*') {
        for (size_t length = below(3); length > 0; --length) text += byte();
      } else if (c == '?' || c == '[') {
        text += byte();
        if (c == '[') i = aare.find(']', i);
      } else {
        text += c;
      }
    }
    for (size_t changes = below(3); changes > 0; --changes) {
      const size_t at = below(text.size() + 1);
      if (below(2) == 0) {
        text.insert(at, 1, byte());
      } else if (at < text.size()) {
        text.erase(at, 1);
      }
    }
    return text;
  }

 private:
  std::string alternation(int depth) {
    std::string text = "{";
    for (size_t alternatives = 1 + below(3); alternatives > 0; --alternatives) {
      text += aare(depth) + ",";
    }
    return text + aare(depth) + "}";
  }

  char byte() {
    constexpr std::string_view kBytes("aabbccc//*{.,-\0\xff", 16);
    return kBytes[below(kBytes.size())];
  }

  std::mt19937_64 engine_;
};

TEST(Differential, TableIsWhatANaiveMatcherSays) {
  Random random(20261122);
  size_t cases = 0;
  size_t matched = 0;
  size_t merged = 0;
  for (int profile = 0; profile < kProfiles; ++profile) {
    std::vector<std::string> aares;
    std::vector<naive::Glob> naive;
    for (size_t rules = 1 + random.below(6); rules > 0; --rules) {
      aares.push_back(random.aare());
      naive.emplace_back(aares.back());
    }
    const Compiled compiled(aares);
    ASSERT_LE(compiled.minimal.states(), compiled.dfa.states());
    merged += compiled.dfa.states() - compiled.minimal.states();
    for (int i = 0; i < kStrings; ++i) {
      const std::string text =
          i % 4 == 0 ? random.string() : random.mutated(aares[random.below(aares.size())]);
      RuleIds expected;
      for (RuleId rule = 0; rule < naive.size(); ++rule) {
        if (naive[rule].matches(text)) expected.push_back(rule);
      }
      ++cases;
      matched += expected.empty() ? 0 : 1;
      ASSERT_EQ(compiled.matching(text), expected)
          << testing::PrintToString(text) << " by " << testing::PrintToString(aares);
      ASSERT_EQ(compiled.matching_unminimised(text), expected) << testing::PrintToString(text);
    }
  }
  // The generator must not drift into cases that prove nothing.
  EXPECT_GE(cases, 100'000U);
  EXPECT_GE(matched, cases / 4);
  EXPECT_LE(matched, cases * 9 / 10);
  EXPECT_GE(merged, 1000U);
}

TEST(Differential, OutcomesThatRulesShare) {
  // A coarser outcome, as that of permissions: only whether an even rule, or an odd one, matches.
  Random random(7);
  const OutcomeOf parity = [](std::span<const RuleId> rules) {
    uint32_t outcome = 0;
    for (RuleId rule : rules) outcome |= rule % 2 == 0 ? 1U : 2U;
    return outcome;
  };
  for (int profile = 0; profile < 300; ++profile) {
    std::vector<std::string> aares;
    for (size_t rules = 1 + random.below(6); rules > 0; --rules) aares.push_back(random.aare());
    Expressions expressions;
    const Dfa dfa = build_dfa(expressions, rules_of(expressions, aares)).value();
    const Table table = make_table(minimise(dfa, parity)).value();
    for (int i = 0; i < kStrings; ++i) {
      const std::string text = random.mutated(aares[random.below(aares.size())]);
      const uint32_t expected = parity(dfa.accept_sets[dfa.accept[walk(dfa, text)]]);
      ASSERT_EQ(table.outcome(match(table, table.start, text)), expected)
          << testing::PrintToString(text) << " by " << testing::PrintToString(aares);
    }
  }
}

/// No two states of the result can be told to be equal: Moore's refinement, the slow and plain one,
/// finds as many.
size_t moore_states(const Dfa& dfa) {
  std::vector<uint32_t> block(dfa.accept.begin(), dfa.accept.end());
  size_t count = 0;
  while (true) {
    std::map<std::vector<uint32_t>, uint32_t> numbers;
    std::vector<uint32_t> refined;
    for (uint32_t state = 0; state < dfa.states(); ++state) {
      std::vector<uint32_t> signature{block[state]};
      for (uint32_t c = 0; c < dfa.classes.count; ++c) {
        signature.push_back(block[dfa.next(state, c)]);
      }
      const auto number = static_cast<uint32_t>(numbers.size());
      refined.push_back(numbers.try_emplace(std::move(signature), number).first->second);
    }
    block = std::move(refined);
    if (numbers.size() == count) return count;
    count = numbers.size();
  }
}

TEST(Differential, MinimisedIsMinimal) {
  Random random(99);
  for (int profile = 0; profile < 500; ++profile) {
    std::vector<std::string> aares;
    for (size_t rules = 1 + random.below(6); rules > 0; --rules) aares.push_back(random.aare());
    const Compiled compiled(aares);
    ASSERT_EQ(compiled.minimal.states(), moore_states(compiled.dfa))
        << testing::PrintToString(aares);
  }
}

}  // namespace
}  // namespace aspis::automaton
