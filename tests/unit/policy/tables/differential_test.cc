// SPDX-License-Identifier: Apache-2.0
// Random file rules and paths: what the compiled policy says, by the kernel's own matcher, is what
// a naive reading of the rules says. ASPIS_SEED=NUMBER makes other ones.
#include <gtest/gtest.h>

#include "tests/naive/permissions.h"
#include "tests/naive/random_rules.h"
#include "tests/unit/policy/tables/compiled_text.h"

namespace aspis::policy {
namespace {

constexpr int kProfiles = 800;
constexpr int kPaths = 16;      // for each of them
constexpr int kQuestions = 60;  // each permission on one path, for one owner, is a case

class Comparison {
 public:
  Comparison(const naive::Rules& rules, const CompiledText& text) : rules_(rules), text_(text) {}

  void path(const std::string& path, bool owner) {
    const aspis_permissions found = text_.file(path, owner);
    for (const char permission : std::string_view("xwracdkm"))
      compare(found, permission, rules_.say(permission, path, owner));
  }

  void pair(const std::string& path, const std::string& target, bool owner) {
    const aspis_permissions found = text_.file(path + '\0' + target, owner);
    for (const char permission : std::string_view("ls"))
      compare(found, permission, rules_.say(permission, path, owner, target));
  }

  std::size_t cases = 0, allowed = 0, denied = 0;

 private:
  void compare(const aspis_permissions& found, char permission, const naive::Say& say) {
    const unsigned bit = naive::bit_of(permission);
    ++cases;
    allowed += say.allowed ? 1 : 0;
    denied += say.denied ? 1 : 0;
    ASSERT_EQ((found.allow & bit) != 0, say.allowed) << permission;
    ASSERT_EQ((found.deny & bit) != 0, say.denied) << permission;
    ASSERT_EQ((found.audit & bit) != 0, say.audited) << permission;
    if (say.exec.empty()) return;
    const auto& exec = text_.policy.profiles[0].execs.at(found.exec - 1U);
    ASSERT_EQ(exec.mode == ASPIS_EXEC_INHERIT ? "ix" : "px", say.exec);
  }

  const naive::Rules& rules_;
  const CompiledText& text_;
};

TEST(Differential, CompiledRulesSayWhatANaiveReadingSays) {
  const std::uint64_t seed = naive::seed_or(20261122);
  SCOPED_TRACE("ASPIS_SEED=" + std::to_string(seed));
  naive::Random random(seed);
  std::size_t cases = 0, allowed = 0, denied = 0;
  for (int profile = 0; profile < kProfiles; ++profile) {
    const std::vector<std::string> paths = random.paths(kPaths);
    const naive::Rules rules(random.rules(2 + random.below(20), paths));
    const CompiledText text("profile p {\n" + rules.text() + "}\n");
    SCOPED_TRACE(rules.text());
    ASSERT_EQ(text.diagnostics.errors(), 0U) << text.messages();
    Comparison comparison(rules, text);
    for (int question = 0; question < kQuestions; ++question) {
      const std::string& known = random.one_of(paths);
      const std::string path = random.one_in(3) ? random.changed(known) : known;
      const std::string& target = random.one_of(paths);
      const bool owner = random.one_in(2);
      SCOPED_TRACE(testing::PrintToString(path) + (owner ? ", its owner" : ", another") +
                   ", as a link to " + testing::PrintToString(target));
      comparison.path(path, owner);
      comparison.pair(path, target, owner);
      if (testing::Test::HasFatalFailure()) return;
    }
    cases += comparison.cases;
    allowed += comparison.allowed;
    denied += comparison.denied;
  }
  RecordProperty("cases", static_cast<int>(cases));
  RecordProperty("allowed", static_cast<int>(allowed));
  // The generator must not drift into cases that prove nothing.
  EXPECT_GE(cases, 100'000U);
  EXPECT_GE(allowed, cases / 5);
  EXPECT_GE(denied, cases / 30);
}

}  // namespace
}  // namespace aspis::policy
