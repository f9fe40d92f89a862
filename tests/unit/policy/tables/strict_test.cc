// SPDX-License-Identifier: Apache-2.0
// What nothing enforces: a warning, and for a strict reader an error.
#include <string>

#include <gtest/gtest.h>

#include "policy/language/parser.h"
#include "policy/tables/compile.h"
#include "policy/tables/unenforced.h"

namespace aspis::policy {
namespace {

struct Found {
  std::size_t errors = 0, all = 0;

  bool operator==(const Found&) const = default;
};

Found compiled(const std::string& text, bool strict) {
  Sources sources;
  Diagnostics diagnostics(strict);
  const FileId file = sources.add("test", text);
  const Policy tree = parse(sources, file, {}, diagnostics);
  compile(tree, diagnostics, {.judge_rules_of = &sources});
  return {diagnostics.errors(), diagnostics.all().size()};
}

class Strict : public testing::TestWithParam<const char*> {};

TEST_P(Strict, RefusesWhatIsNotEnforced) {
  const std::string text = "abi <kernel>,\n" + std::string(GetParam());
  EXPECT_EQ(compiled(text, false), (Found{0, 1}));
  EXPECT_EQ(compiled(text, true), (Found{1, 1}));
}

INSTANTIATE_TEST_SUITE_P(Rules, Strict,
                         testing::Values("profile p { dbus, }", "profile p { mqueue type=sysv, }",
                                         "profile p { unix opt=x, }", "profile p { unix attr=x, }",
                                         "profile p { unix label=x, }",
                                         "profile p { unix protocol=1, }",
                                         "profile p { deny unix label=x, }",
                                         "profile p { pivot_root /a -> b, }",
                                         "profile p { io_uring label=x, }",
                                         "profile p { network (accept) inet peer=(ip=127.0.0.1), }",
                                         "profile p flags=(prompt) {}",
                                         "profile p flags=(attach_disconnected.path=/x) {}",
                                         "profile p /x xattrs=(user.a=b) {}"));

TEST(StrictPolicy, OtherWarningsStayWarnings) {
  const std::string text = "profile p { /a r, /a r, mount /dev/a -> /b, }";
  EXPECT_EQ(compiled(text, true), compiled(text, false));
  EXPECT_EQ(compiled(text, true), (Found{0, 2}));
}

TEST(StrictPolicy, OneErrorForARuleOfSeveralProfiles) {
  EXPECT_EQ(compiled("profile p { dbus, }\nprofile q { dbus, }", true), (Found{2, 2}));
}

// What the kernel side learns is told no more, that alone.
TEST(StrictPolicy, EachExtensionByItself) {
  const std::string text =
      "profile p /x python=(command) { deny python a, change_profile on python b -> q, audited /a "
      "r,"
      " package c { /d/@{ctx.e} r, } /f/@{ctx.g} r, require signed /h, }";
  const auto told = [&](const KernelSide& kernel) {
    Sources sources;
    Diagnostics diagnostics, found;
    const Policy tree = parse(sources, sources.add("test", text), {}, diagnostics);
    EXPECT_EQ(diagnostics.errors(), 0U);
    tell_unenforced(tree.profiles[0], {tree.variables, tree.aliases, found}, kernel);
    return found.all().size();
  };
  EXPECT_EQ(told({}), 7U);
  EXPECT_EQ(told({true, true, true, true, true, true, true}), 0U);
  EXPECT_EQ(told({true, true, true, true, false, true, true}), 1U);
  EXPECT_EQ(told({true, true, true, true, true, false, true}), 2U) << "the one in the package, too";
  EXPECT_EQ(told({false, true, true, true, true, true, true}), 1U);
}

}  // namespace
}  // namespace aspis::policy
