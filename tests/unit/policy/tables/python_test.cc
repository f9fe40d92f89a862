// SPDX-License-Identifier: Apache-2.0
// Rules on audit events, and changes of profile on them, by the kernel's own matcher.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "bpf/abi/subject.h"
#include "tests/unit/policy/tables/compiled_text.h"

namespace aspis::policy {
namespace {

using testing::HasSubstr;

const std::string kCut{ASPIS_SPELLED, ASPIS_SPELLED_CUT};

/// A subject of event and arguments, each as it is spelled.
std::string subject(const std::string& event, const std::vector<std::string>& arguments) {
  std::string all = event + '\0';
  for (const std::string& argument : arguments) (all += argument) += '\0';
  return all;
}

struct Events : CompiledText {
  explicit Events(const std::string& rules) : CompiledText("profile x { " + rules + " }") {}

  [[nodiscard]] aspis_permissions on(const std::string& event,
                                     const std::vector<std::string>& arguments = {}) const {
    return class_permissions(image, 1, ASPIS_CLASS_PYTHON, subject(event, arguments));
  }
  [[nodiscard]] bool denied(const std::string& event,
                            const std::vector<std::string>& arguments = {}) const {
    const aspis_permissions found = on(event, arguments);
    EXPECT_NE((found.allow & ASPIS_PYTHON_RAISE) != 0, (found.deny & ASPIS_PYTHON_RAISE) != 0);
    return (found.deny & ASPIS_PYTHON_RAISE) != 0;
  }
  [[nodiscard]] bool mediated() const {
    return (policy.profiles[0].mediated >> ASPIS_CLASS_PYTHON & 1) != 0;
  }
};

TEST(PythonRules, AllIsAllowedButWhatIsDenied) {
  const Events text("deny python os.system, audit deny python ctypes.*,");
  EXPECT_EQ(text.diagnostics.errors(), 0U);
  EXPECT_TRUE(text.mediated());
  EXPECT_TRUE(text.denied("os.system", {"ls"}));
  EXPECT_TRUE(text.denied("ctypes.cdata/buffer"));
  EXPECT_EQ(text.on("ctypes.dlopen").audit, ASPIS_PYTHON_RAISE);
  EXPECT_EQ(text.on("os.system").audit, 0);
  EXPECT_FALSE(text.denied("os.systems"));
  EXPECT_FALSE(text.denied("open", {"/etc/passwd"}));
  EXPECT_FALSE(text.denied("my.own"));
}

TEST(PythonRules, AreToldToDenyOnlyIfTheyDo) {
  const auto denies = [](const std::string& rules) {
    return denies_any(Events(rules).policy.profiles[0], ASPIS_CLASS_PYTHON, ASPIS_PYTHON_RAISE);
  };
  EXPECT_TRUE(denies("deny python os.system,"));
  EXPECT_TRUE(denies("audit deny python open path=/a/**,"));
  EXPECT_TRUE(denies("audit python, deny python open path=/a/** mode=w,"));
  EXPECT_FALSE(denies("audit python os.system,"));
  EXPECT_FALSE(denies("python,"));
  EXPECT_FALSE(denies("deny /etc/passwd r, deny network inet, audit python,"));
  EXPECT_FALSE(denies("priority=1 python, deny python os.system,"));
  EXPECT_TRUE(denies("priority=1 python os.system, deny python os.*,"));
}

TEST(PythonRules, WithoutThemNobodyIsAsked) {
  EXPECT_FALSE(Events("/a r,").mediated());
  EXPECT_FALSE(Events("all,").mediated());
  EXPECT_TRUE(Events("python,").mediated());
}

TEST(PythonRules, ArgumentsByNameAndByNumber) {
  const Events text(
      "deny python compile filename=\"<string>\", deny python open path=/etc/** flags=5*,"
      "deny python my.own arg1=x,");
  EXPECT_TRUE(text.denied("compile", {"whatever", "<string>"}));
  EXPECT_FALSE(text.denied("compile", {"<string>", "a.py"}));
  EXPECT_FALSE(text.denied("compile", {"x"})) << "there is no such argument in it";
  EXPECT_TRUE(text.denied("open", {"/etc/a/b", "r", "524288"}));
  EXPECT_FALSE(text.denied("open", {"/etc/a/b", "r", "0"}));
  EXPECT_FALSE(text.denied("open", {"/etc", "r", "5"}));
  EXPECT_TRUE(text.denied("my.own", {"", "x"}));
  EXPECT_FALSE(text.denied("my.own", {"x"}));
}

TEST(PythonRules, AGlobMeansTheEventsThatHaveTheArguments) {
  const Events text("deny python os.* path=/etc/**,");
  EXPECT_EQ(text.diagnostics.errors(), 0U);
  EXPECT_TRUE(text.denied("os.listdir", {"/etc/x"}));
  EXPECT_TRUE(text.denied("os.chdir", {"/etc/x"}));
  EXPECT_FALSE(text.denied("os.system", {"/etc/x"}));
  EXPECT_FALSE(text.denied("os.listdir", {"/srv/x"}));
  const Events any("deny python os.* arg0=/etc/**,");
  EXPECT_TRUE(any.denied("os.system", {"/etc/x"}));
  EXPECT_TRUE(any.denied("os.unknown", {"/etc/x"}));
}

TEST(PythonRules, PriorityAndDenyAsElsewhere) {
  const Events text(
      "deny python os.*, python os.fork, priority=1 python os.chdir, deny python os.chdir,");
  EXPECT_TRUE(text.denied("os.fork")) << "deny is stronger";
  EXPECT_FALSE(text.denied("os.chdir"));
}

TEST(PythonRules, NoByteOfAValueEndsIt) {
  const Events text(
      "deny python compile filename=\"<string>\", deny python os.system command=a?b,");
  EXPECT_FALSE(text.denied("compile", {"x\1\1<string>", "a.py"}));
  EXPECT_TRUE(text.denied("os.system", {"a\1\1b"})) << "a NUL";
  EXPECT_TRUE(text.denied("os.system", {"a\1\2b"})) << "a 1";
  EXPECT_FALSE(text.denied("os.system", {"a/b"}));
}

TEST(PythonRules, WhatIsCutIsDeniedWhereItMayBeMeant) {
  const Events text(
      "deny python os.system command=\"rm *{x,yz}\", audit python open path=/a*,"
      "priority=-1 deny python compile, python compile filename=/srv/*.py,");
  for (const char* seen : {"", "r", "rm ", "rm a", "rm ax", "rm ay"})
    EXPECT_TRUE(text.denied("os.system", {seen + kCut})) << seen;
  for (const char* seen : {"x", "rmx", "rm a/"})
    EXPECT_FALSE(text.denied("os.system", {seen + kCut})) << seen;
  EXPECT_EQ(text.on("open", {"/ab"}).audit, ASPIS_PYTHON_RAISE);
  EXPECT_FALSE(text.denied("compile", {"", "/srv/a.py"}));
  EXPECT_TRUE(text.denied("compile", {"", "/srv/a.py" + kCut})) << "it may go on";
  EXPECT_FALSE(text.denied("compile", {kCut, "/srv/a.py"}));
  EXPECT_TRUE(text.denied("os.sys" + kCut, {"rm x"}));
}

TEST(PythonRules, ChangeOnAnEvent) {
  const Events text(
      "change_profile on python import module=app.main -> x//busy, "
      "change_profile on listen -> x//busy, deny python import arg1=/evil*, profile busy { }");
  EXPECT_EQ(text.diagnostics.errors(), 1U) << "import is not among the test's events";
  const Events other(
      "change_profile on python open path=/ready -> &x//busy, deny python open mode=w,"
      "profile busy { }");
  EXPECT_EQ(other.diagnostics.errors(), 0U) << other.messages();
  const aspis_permissions found = other.on("open", {"/ready", "r", "0"});
  EXPECT_EQ(found.allow, ASPIS_PYTHON_CHANGE | ASPIS_PYTHON_RAISE);
  const CompiledExec& change = other.policy.profiles[0].execs.at(found.exec - 1U);
  EXPECT_EQ(change.targets, std::vector<std::string>{"x//busy"});
  EXPECT_EQ(change.flags, ASPIS_EXEC_NAMED | ASPIS_EXEC_STACK);
  EXPECT_EQ(other.on("open", {"/other", "r", "0"}).allow, ASPIS_PYTHON_RAISE);
  EXPECT_TRUE(other.denied("open", {"/ready", "w", "0"}));
}

TEST(PythonRules, TwoChangesOnOneEventConflict) {
  const Events text(
      "change_profile on python open -> a, change_profile on python o* -> b, "
      "change_profile on python os.fork -> c,");
  EXPECT_EQ(text.diagnostics.errors(), 0U) << "a name is stronger than a glob\n" << text.messages();
  const Events conflict("change_profile on python o* -> a, change_profile on python *n -> b,");
  EXPECT_EQ(conflict.diagnostics.errors(), 1U);
  EXPECT_THAT(conflict.messages(), HasSubstr("lead to different profiles"));
}

struct Wrong {
  const char* rule;
  const char* column;
  const char* message;
};

class PythonRuleErrors : public testing::TestWithParam<Wrong> {};

TEST_P(PythonRuleErrors, AreToldAtTheirPlace) {
  const Events text(GetParam().rule);
  EXPECT_THAT(text.messages(), HasSubstr("test:1:" + std::string(GetParam().column) + ": error: "));
  EXPECT_THAT(text.messages(), HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    Rules, PythonRuleErrors,
    testing::Values(
        Wrong{"python open file=/x,", "25",
              "The event open has no argument file; its arguments are: path, mode, flags."},
        Wrong{"python os.fork pid=1,", "28", "its arguments are: none."},
        Wrong{"python my.own path=1,", "27", "are called arg0, arg1, …, not path"},
        Wrong{"python os.* nothing=1,", "20", "No known event"},
        Wrong{"python code.__new__ stacksize=1,", "33", "the first 8 arguments"},
        Wrong{"python my.own arg8=1,", "27", "the first 8 arguments"}));

}  // namespace
}  // namespace aspis::policy
