// SPDX-License-Identifier: Apache-2.0
// Random profiles and paths: the rules that explain shows say what the kernel's matcher says.
#include <random>

#include <gtest/gtest.h>

#include "policy/tools/explain.h"
#include "tests/unit/policy/tables/compiled_text.h"

namespace aspis::policy {
namespace {

constexpr int kProfiles = 400;
constexpr int kPaths = 60;  // for each of them

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  std::size_t below(std::size_t bound) { return engine_() % bound; }

  template <std::size_t N>
  std::string one_of(const char* const (&choices)[N]) {
    return choices[below(N)];
  }

  std::string rule() {
    std::string text = one_of({"", "", "", "priority=1 ", "priority=-1 "});
    text += one_of({"", "", "", "audit "});
    const bool deny = below(4) == 0;
    if (deny) text += "deny ";
    text += one_of({"", "", "", "owner ", "other "});
    if (below(8) == 0) return text + "link " + glob() + " -> " + glob() + ",\n";
    text += glob() + " " + one_of({"r", "rw", "a", "mr", "k", "l", "w"});
    // One mode of globs, another of exact paths: conflicts would be errors.
    if (below(3) == 0) text += deny ? "x" : text.find('*') == std::string::npos ? "px" : "ix";
    return text + ",\n";
  }

  std::string glob() {
    return one_of({"/a", "/b", "/ab", "/a/", "/a/b", "/*", "/**", "/a*", "/a/*", "/?", "/{a,b*}"});
  }

  std::string path() {
    std::string text = "/";
    for (std::size_t left = below(4); left > 0; left--) text += one_of({"a", "b", "/"});
    return text;
  }

 private:
  std::mt19937_64 engine_;
};

bool same(const aspis_permissions& a, const aspis_permissions& b) {
  return a.allow == b.allow && a.deny == b.deny && a.audit == b.audit && a.exec == b.exec;
}

/// The rules that are shown as deciding, and the matcher, on each permission.
void compare_reasons(const CompiledText& text, const std::string& subject, bool owner) {
  const Explanation& explanation = text.explanations[0].file;
  const auto matching = explanation.matching(subject);
  const aspis_permissions kernel = text.file(subject, owner);
  const Resolved resolved = resolve(explanation.accesses, matching);
  ASSERT_TRUE(same(kernel, owner ? resolved.outcome.owner : resolved.outcome.other));
  for (unsigned bit = 1; bit <= ASPIS_MAY_ALL_FILE; bit <<= 1) {
    const Reasons reasons =
        policy::reasons(explanation.accesses, matching, static_cast<std::uint16_t>(bit), owner);
    ASSERT_EQ(reasons.allowed, (kernel.allow & bit) != 0) << bit;
    ASSERT_EQ(!reasons.allowed && !reasons.deciding.empty(), (kernel.deny & bit) != 0) << bit;
    for (const Access* rule : reasons.deciding) {
      ASSERT_EQ(rule->qualifiers.decision == Decision::Allow, reasons.allowed);
      if (bit == ASPIS_MAY_EXEC && reasons.allowed) {
        ASSERT_EQ(rule->exec, kernel.exec);
      }
    }
  }
}

/// The verdict on one permission is decide()'s on what the matcher says.
void compare_verdict(const CompiledText& text, const std::string& path, bool owner) {
  const Explained explained{text.policy, text.image, text.explanations};
  const aspis_permissions kernel = text.file(path, owner);
  for (const std::uint16_t bit : {ASPIS_MAY_READ, ASPIS_MAY_WRITE, ASPIS_MAY_MAP}) {
    const Answer answer = explain(explained, 1, {path, "", bit, owner});
    ASSERT_EQ(answer.verdict == ASPIS_VERDICT_ALLOWED, (kernel.allow & bit) != 0);
    ASSERT_EQ(answer.parts[0].reasons.allowed, answer.verdict == ASPIS_VERDICT_ALLOWED);
    if (answer.verdict == ASPIS_VERDICT_DENIED) {
      ASSERT_EQ(answer.reported, (kernel.deny & ~kernel.audit & bit) == 0);
    }
  }
}

TEST(ExplainDifferential, AgreesWithTheMatcher) {
  Random random(20260401);
  int compiled = 0;
  for (int i = 0; i < kProfiles; i++) {
    std::string policy = "profile p {\n";
    for (std::size_t rules = 1 + random.below(8); rules > 0; rules--) policy += random.rule();
    const CompiledText text(policy + "}\n");
    if (text.diagnostics.errors() != 0) continue;
    compiled++;
    for (int j = 0; j < kPaths; j++) {
      const bool owner = random.below(2) == 0;
      const std::string path = random.path(), target = random.path();
      SCOPED_TRACE(policy + path + " -> " + target + (owner ? " owner" : " other"));
      compare_reasons(text, path, owner);
      compare_reasons(text, path + '\0' + target, owner);
      compare_verdict(text, path, owner);
      if (testing::Test::HasFatalFailure()) return;
    }
  }
  EXPECT_GT(compiled, kProfiles / 2);
}

}  // namespace
}  // namespace aspis::policy
