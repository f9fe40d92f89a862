// SPDX-License-Identifier: Apache-2.0
// Warnings of rules that decide nothing: which rules, for what reason, and outdone by which.
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/policy/tables/compiled_text.h"

namespace aspis::policy {
namespace {

/// The lines that messages are about: "3<2" for a warning at line 3 with a note at line 2.
std::string judged(const std::string& rules) {
  CompiledText text("profile p {\n" + rules + "}\n", true);
  std::string lines;
  for (const Diagnostic& diagnostic : text.diagnostics.all()) {
    EXPECT_EQ(diagnostic.severity, Severity::Warning) << text.messages();
    lines += (lines.empty() ? "" : " ") + std::to_string(diagnostic.at.line);
    for (const Note& note : diagnostic.notes) lines += "<" + std::to_string(note.at.line);
  }
  return lines;
}

struct Case {
  const char* name;
  const char* rules;  // from line 2 on
  const char* lines;
};

class Shadow : public testing::TestWithParam<Case> {};

TEST_P(Shadow, Lines) {
  EXPECT_EQ(judged(GetParam().rules), GetParam().lines);
}

constexpr Case kNeedless[] = {
    {"SameRule", "/a r,\n/a r,\n", "3<2"},
    {"SamePathOtherwiseWritten", "/{a,b} r,\n/[ab] r,\n", "3<2"},
    {"PartOfAnother", "/a/b r,\n/a/* rw,\n", "2<3"},
    {"SeveralTogether", "/a r,\n/b r,\n/{a,b} r,\n", "4<2<3"},
    {"Denied", "/a/b rw,\ndeny /a/** w,\ndeny /a/b r,\n", "2<3<4"},
    {"DeniedOfSomeOwners", "owner /a r,\ndeny /a r,\n", "2<3"},
    {"HigherPriority", "deny /a r,\npriority=1 /{a,b} r,\n", "2<3"},
    {"SeveralReasons", "/a rw,\n/{a,b} r,\ndeny /a w,\n", "2<4<3"},
    {"ManyAtOnce", "/a/b r,\n/a/c r,\n/a/** r,\n", "4<2<3"},
    {"AuditedElsewhere", "/a r,\naudit /{a,b} r,\n", "2<3"},
    {"ExecMode", "/[ab] rix,\n/{a,b} px,\n", "2<3"},
    {"ExecDenied", "/a ix,\ndeny /* x,\n", "2<3"},
    {"Link", "link /a -> /b,\nlink /* -> /**,\n", "2<3"},
    {"QuietDeny", "audit deny /a r,\ndeny /a r,\n", "2<3"},
    {"Signal", "signal send peer=x,\nsignal,\n", "2<3"},
    {"Network", "network inet stream,\ndeny network inet,\n", "2<3"},
    {"Capability", "capability chown,\ndeny capability,\n", "2<3"},
    {"CapabilityAgain", "capability chown fowner,\ncapability chown,\n", "3<2"},
    {"Limit", "set rlimit nofile <= 1,\nset rlimit nofile <= 2,\n", "2<3"},
};
INSTANTIATE_TEST_SUITE_P(Needless, Shadow, testing::ValuesIn(kNeedless),
                         [](const auto& info) { return info.param.name; });

constexpr Case kGood[] = {
    {"OtherPermissions", "/a r,\n/a w,\n", ""},
    {"OneFileMore", "/a/* r,\ndeny /a/b r,\n", ""},
    {"OnePermissionMore", "/a rw,\ndeny /a w,\n", ""},
    {"EachOwner", "owner /a r,\nother /a r,\n", ""},
    {"DenyOfOneOwner", "/a r,\ndeny owner /a r,\n", ""},
    {"LowerPriority", "priority=2 /a r,\ndeny /a r,\n/b r,\n", "3<2"},
    {"AuditOfPart", "/{a,b} r,\naudit /a r,\n", ""},
    {"DenyKeptQuiet", "audit deny /* r,\ndeny /a r,\n", ""},
    {"ExecModes", "/* ix,\n/a px,\n", ""},
    {"OtherKind", "network,\nunix,\nmount,\nremount,\nall,\n", ""},
    {"Capabilities", "capability chown,\naudit capability chown,\n", ""},
    {"Limits", "set rlimit nofile <= 1,\nset rlimit nproc <= 2,\n", ""},
};
INSTANTIATE_TEST_SUITE_P(Good, Shadow, testing::ValuesIn(kGood),
                         [](const auto& info) { return info.param.name; });

TEST(ShadowText, NamesBothRules) {
  const CompiledText text("profile p {\n  /a r,\n  deny /a r,\n}\n", true);
  EXPECT_EQ(text.messages(),
            "test:2:3: warning: This rule allows nothing: wherever it matches, it is denied.\n"
            "    /a r,\n"
            "    ^\n"
            "test:3:3: note: The rule that denies is here.\n"
            "    deny /a r,\n"
            "    ^\n\n");
}

TEST(ShadowText, BroadRuleIsToldOnce) {
  const CompiledText text("profile p {\n  /a r,\n  /b r,\n  /c r,\n  /d r,\n  /* r,\n}\n", true);
  EXPECT_THAT(text.messages(),
              testing::HasSubstr("test:6:3: warning: This rule makes 4 others of this file "));
}

TEST(Shadow, ChildrenAreJudgedByThemselves) {
  EXPECT_EQ(judged("/a r,\nprofile c {\n/a r,\n}\n"), "");
  EXPECT_EQ(judged("/a r,\nprofile c {\n/b r,\n/b r,\n}\n"), "5<4");
}

/// What the whole policy says where: the profile in "test", and an included file of this name.
std::string judged_with(const std::string& included, const std::string& rules,
                        const std::string& profile_rules) {
  const auto directory =
      std::filesystem::temp_directory_path() / ("aspis-shadow-" + std::to_string(::getpid()));
  const auto file = directory / included;
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file) << rules;
  Sources sources;
  Diagnostics diagnostics;
  const FileId id =
      sources.add("test", "profile p {\n  include <" + included + ">\n" + profile_rules + "}\n");
  const Policy tree = parse(sources, id, {{}, directory.string(), {}}, diagnostics);
  compile(tree, diagnostics, {.judge_rules_of = &sources});
  std::filesystem::remove_all(directory);
  std::string lines;
  for (const Diagnostic& diagnostic : diagnostics.all()) {
    lines += std::filesystem::path(sources.name(diagnostic.at.file)).filename().string() + ":" +
             std::to_string(diagnostic.at.line);
  }
  return lines;
}

// To repeat what an abstraction gives, or to take some of it back, is what they are for.
TEST(Shadow, Abstractions) {
  EXPECT_EQ(judged_with("abstractions/x", "/a r,\n", "/a r,\n"), "");
  EXPECT_EQ(judged_with("abstractions/x", "/a r,\n", "deny /a r,\n"), "");
  EXPECT_EQ(judged_with("abstractions/x", "deny /a r,\n", "/a r,\n"), "test:3");
}

TEST(Shadow, WhatASiteAddsInVain) {
  EXPECT_EQ(judged_with("local/x", "/b r,\n/a r,\n", "deny /a r,\n"), "x:2");
}

TEST(Shadow, OnlyIfAskedFor) {
  Sources sources;
  Diagnostics diagnostics;
  const FileId id = sources.add("test", "profile p { /a r, /a r, }");
  compile(parse(sources, id, {}, diagnostics), diagnostics);
  EXPECT_TRUE(diagnostics.all().empty());
}

}  // namespace
}  // namespace aspis::policy
