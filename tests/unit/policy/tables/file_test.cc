// SPDX-License-Identifier: Apache-2.0
// File rules: what a profile allows on a path, by the kernel's matcher. Expected values are those
// of apparmor.d(5).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/policy/tables/compiled_text.h"

namespace aspis::policy {
namespace {

constexpr unsigned kWriteBits =
    ASPIS_MAY_WRITE | ASPIS_MAY_APPEND | ASPIS_MAY_CREATE | ASPIS_MAY_DELETE;

TEST(FileRules, GrantWhatTheirLettersSay) {
  const CompiledText text("/bin/x { /a r, /b w, /c a, /d mk, /e/** rw, }");
  ASSERT_EQ(text.messages(), "");
  EXPECT_EQ(text.file("/a").allow, ASPIS_MAY_READ);
  EXPECT_EQ(text.file("/b").allow, kWriteBits);
  EXPECT_EQ(text.file("/c").allow, ASPIS_MAY_APPEND);
  EXPECT_EQ(text.file("/d").allow, ASPIS_MAY_MAP | ASPIS_MAY_LOCK);
  EXPECT_EQ(text.file("/e/f/g").allow, kWriteBits | ASPIS_MAY_READ);
  EXPECT_EQ(text.file("/e/").allow, 0);
  EXPECT_EQ(text.file("/z").allow, 0);
}

TEST(FileRules, DenyIsStrongerInOnePriorityOnly) {
  const CompiledText text(
      "/bin/x { /** rw, deny /etc/** w, audit deny /etc/shadow r, priority=1 /etc/mtab w, }");
  ASSERT_EQ(text.messages(), "");
  EXPECT_EQ(text.file("/etc/hosts").allow, ASPIS_MAY_READ);
  EXPECT_EQ(text.file("/etc/hosts").deny, kWriteBits);
  EXPECT_EQ(text.file("/etc/hosts").audit, 0);
  EXPECT_EQ(text.file("/etc/shadow").allow, 0);
  EXPECT_EQ(text.file("/etc/shadow").audit, ASPIS_MAY_READ);
  EXPECT_EQ(text.file("/etc/mtab").allow, ASPIS_MAY_READ | kWriteBits);
}

TEST(FileRules, OwnerRulesAddToTheOwner) {
  const CompiledText text("/bin/x { owner /home/** rw, /home/shared r, other /srv/** r, }");
  ASSERT_EQ(text.messages(), "");
  EXPECT_EQ(text.file("/home/a", true).allow, ASPIS_MAY_READ | kWriteBits);
  EXPECT_EQ(text.file("/home/a", false).allow, 0);
  EXPECT_EQ(text.file("/home/shared", false).allow, ASPIS_MAY_READ);
  EXPECT_EQ(text.file("/srv/a", true).allow, 0);
  EXPECT_EQ(text.file("/srv/a", false).allow, ASPIS_MAY_READ);
}

TEST(FileRules, WhatAuditedRulesGrantStandsApart) {
  const CompiledText text(
      "/bin/x { audited /srv/** rw, /srv/pub/* r, audited owner /home/* r, deny /srv/no r,"
      " audited /bin/* ix, audit audited /srv/log r, priority=1 audited /srv/pub/late r, }");
  ASSERT_EQ(text.diagnostics.errors(), 0U);
  const auto announced = [&](std::string_view path, bool owner = false) {
    FileCircumstances circumstances;
    circumstances.owner = owner;
    circumstances.announced = true;
    return file_permissions(text.image, profile_of(text.image, 1), path, circumstances).allow;
  };
  EXPECT_EQ(text.file("/srv/a").allow, 0);
  EXPECT_EQ(announced("/srv/a"), ASPIS_MAY_READ | kWriteBits);
  EXPECT_EQ(text.file("/srv/pub/a").allow, ASPIS_MAY_READ);
  EXPECT_EQ(announced("/srv/pub/a"), ASPIS_MAY_READ | kWriteBits);
  EXPECT_EQ(text.file("/srv/pub/late").allow, 0) << "the higher priority decides alone";
  EXPECT_EQ(announced("/home/a", true), ASPIS_MAY_READ);
  EXPECT_EQ(announced("/home/a", false), 0);
  EXPECT_EQ(announced("/srv/no"), kWriteBits);
  EXPECT_EQ(text.file("/srv/log").audit, ASPIS_MAY_READ);
  EXPECT_EQ(text.file("/bin/sh").allow, 0);
  EXPECT_EQ(announced("/bin/sh"), ASPIS_MAY_EXEC | ASPIS_MAY_MAP);
  EXPECT_NE(text.file("/bin/sh").exec, 0);
}

TEST(FileRules, CodeThatMustBeSigned) {
  const CompiledText text("/bin/x { require signed /srv/**, /srv/a r, deny /srv/b r, }");
  ASSERT_EQ(text.diagnostics.errors(), 0U);
  EXPECT_EQ(text.file("/srv/a").allow, ASPIS_MAY_READ | ASPIS_REQUIRE_SIGNED);
  EXPECT_EQ(text.file("/srv/b").allow, ASPIS_REQUIRE_SIGNED);
  EXPECT_EQ(text.file("/usr/a").allow, 0);
  EXPECT_EQ(text.policy.profiles[0].flags & ASPIS_PROFILE_SIGNED, ASPIS_PROFILE_SIGNED);
  EXPECT_EQ(CompiledText("/bin/x { /srv/** r, }").policy.profiles[0].flags & ASPIS_PROFILE_SIGNED,
            0);
}

TEST(FileRules, ExecOfAnExactPathIsStrongerThanThatOfAGlob) {
  const CompiledText text("/bin/x { /bin/* ix, /bin/sh px, }");
  ASSERT_EQ(text.messages(), "");
  EXPECT_EQ(text.file("/bin/ls").allow, ASPIS_MAY_EXEC | ASPIS_MAY_MAP);
  EXPECT_EQ(text.policy.profiles[0].execs[text.file("/bin/ls").exec - 1].mode, ASPIS_EXEC_INHERIT);
  EXPECT_EQ(text.file("/bin/sh").allow, ASPIS_MAY_EXEC);
  EXPECT_EQ(text.policy.profiles[0].execs[text.file("/bin/sh").exec - 1].mode, ASPIS_EXEC_PROFILE);
}

TEST(FileRules, NamesAreStrongerThanClassesAndThoseThanGlobs) {
  const CompiledText text(
      "@{V}=/v/a /v/b*\n/bin/x { /b** ux, /bin/{a,b} px, /bin/[ac] ix, @{V} ix, /v/a px, }");
  ASSERT_EQ(text.messages(), "");
  const auto mode = [&](std::string_view path) {
    return text.policy.profiles[0].execs[text.file(path).exec - 1].mode;
  };
  EXPECT_EQ(mode("/bin/a"), ASPIS_EXEC_PROFILE);
  EXPECT_EQ(mode("/bin/c"), ASPIS_EXEC_INHERIT);
  EXPECT_EQ(mode("/bin/d"), ASPIS_EXEC_UNCONFINED);
  EXPECT_EQ(mode("/v/a"), ASPIS_EXEC_PROFILE);  // one glob among its values makes @{V} a glob
}

TEST(FileRules, OneRuleKeepsADenialQuiet) {
  const CompiledText text("/bin/x { deny /a r, audit deny /{a,b} r, audit deny /b* r, }");
  ASSERT_EQ(text.messages(), "");
  EXPECT_EQ(text.file("/a").audit, 0);
  EXPECT_EQ(text.file("/b").audit, ASPIS_MAY_READ);
}

TEST(FileRules, OfExecOnlyTheDecidingRulesAudit) {
  const CompiledText text("/bin/x { audit /bin/* ix, /bin/sh px, }");
  ASSERT_EQ(text.messages(), "");
  EXPECT_EQ(text.file("/bin/ls").audit, ASPIS_MAY_EXEC);
  EXPECT_EQ(text.file("/bin/sh").audit, 0);
}

TEST(FileRules, ConflictingExecModesNameBothRules) {
  const CompiledText text("/bin/x {\n  /bin/* ix,\n  /bin/s* px,\n}\n");
  EXPECT_THAT(text.messages(), testing::HasSubstr("test:3:3: error: This rule and another match"));
  EXPECT_THAT(text.messages(), testing::HasSubstr("test:2:3: note: The other rule is here."));
}

TEST(FileRules, APriorityEndsAConflict) {
  const CompiledText text("/bin/x { /bin/* ix, priority=1 /bin/s* px, }");
  ASSERT_EQ(text.messages(), "");
  EXPECT_EQ(text.policy.profiles[0].execs[text.file("/bin/sh").exec - 1].mode, ASPIS_EXEC_PROFILE);
}

TEST(FileRules, LinksAreMatchedAsPairs) {
  const CompiledText text("/bin/x { link /a -> /b, /c l, deny link /a -> /bad, }");
  ASSERT_EQ(text.messages(), "");
  using namespace std::string_view_literals;
  EXPECT_EQ(text.file("/a\0/b"sv).allow, ASPIS_MAY_LINK);
  EXPECT_EQ(text.file("/a\0/c"sv).allow, 0);
  EXPECT_EQ(text.file("/c\0/z"sv).allow, ASPIS_MAY_LINK | ASPIS_LINK_SUBSET);
  EXPECT_EQ(text.file("/c\0/"sv).allow, 0);
  EXPECT_EQ(text.file("/a\0/bad"sv).deny, ASPIS_MAY_LINK);
}

TEST(FileRules, TheTargetOfALinkBelongsToPermissionsThatComeFirst) {
  using namespace std::string_view_literals;
  const CompiledText first("/bin/x { rl /a -> /b, l subset /c -> /d, }");
  ASSERT_EQ(first.messages(), "");
  EXPECT_EQ(first.file("/a").allow, ASPIS_MAY_READ);
  EXPECT_EQ(first.file("/a\0/b"sv).allow, ASPIS_MAY_LINK);
  EXPECT_EQ(first.file("/a\0/z"sv).allow, 0);
  EXPECT_EQ(first.file("/c\0/d"sv).allow, ASPIS_MAY_LINK | ASPIS_LINK_SUBSET);
  const CompiledText last("/bin/x { /a rl -> /b, }");
  EXPECT_THAT(last.messages(), testing::HasSubstr("warning: This has no effect"));
  EXPECT_EQ(last.file("/a\0/z"sv).allow, ASPIS_MAY_LINK | ASPIS_LINK_SUBSET);
  EXPECT_THAT(CompiledText("/bin/x { rlix /a -> /b, }").messages(), testing::HasSubstr("error"));
}

TEST(FileRules, AliasesAddPaths) {
  const CompiledText text("alias /usr/ -> /mnt/usr/,\n@{D}=/usr\n/bin/x { @{D}/lib/* r, }");
  ASSERT_EQ(text.messages(), "");
  EXPECT_EQ(text.file("/usr/lib/a").allow, ASPIS_MAY_READ);
  EXPECT_EQ(text.file("/mnt/usr/lib/a").allow, ASPIS_MAY_READ);
}

TEST(FileRules, BareFileRuleAndDefaultAllowAreEverything) {
  const CompiledText bare("/bin/x { file, deny /a r, }");
  ASSERT_EQ(bare.messages(), "");
  EXPECT_EQ(bare.file("/").allow & ASPIS_MAY_ALL_FILE, ASPIS_MAY_ALL_FILE & ~ASPIS_MAY_LINK);
  EXPECT_EQ(bare.file("/a").allow & ASPIS_MAY_READ, 0);
  const CompiledText allow("profile x flags=(default_allow) { deny /a r, /b px, }");
  ASSERT_EQ(allow.messages(), "");
  EXPECT_EQ(allow.file("/z").allow & ASPIS_MAY_READ, ASPIS_MAY_READ);
  EXPECT_EQ(allow.file("/a").deny, ASPIS_MAY_READ);
  EXPECT_EQ(allow.policy.profiles[0].execs[allow.file("/b").exec - 1].mode, ASPIS_EXEC_PROFILE);
}

TEST(Attachment, TheLongestLeftMatchWins) {
  const CompiledText text(
      "/usr/bin/* { }\n/usr/bin/py* { }\n/usr/bin/python3 { }\nprofile p /opt/{a,b}/** { }");
  ASSERT_EQ(text.messages(), "");
  EXPECT_EQ(text.attached("/usr/bin/ls"), text.id("/usr/bin/*"));
  EXPECT_EQ(text.attached("/usr/bin/pypy"), text.id("/usr/bin/py*"));
  EXPECT_EQ(text.attached("/usr/bin/python3"), text.id("/usr/bin/python3"));
  EXPECT_EQ(text.attached("/opt/b/c/d"), text.id("p"));
  EXPECT_EQ(text.attached("/opt/c/d"), 0);
}

TEST(Attachment, ATieAttachesNothing) {
  const CompiledText text("profile a /usr/bin/{x,y}* { }\nprofile b /usr/bin/[x]* { }");
  ASSERT_EQ(text.messages(), "");
  EXPECT_EQ(text.attached("/usr/bin/xx"), 0);
  EXPECT_EQ(text.attached("/usr/bin/yy"), text.id("a"));
}

}  // namespace
}  // namespace aspis::policy
