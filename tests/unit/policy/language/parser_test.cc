// SPDX-License-Identifier: Apache-2.0
// Syntax trees, errors with their places, and hostile input.
#include "policy/language/parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aspis::policy {
namespace {

struct Parsed {
  Sources sources;
  Diagnostics diagnostics;
  Policy policy;

  explicit Parsed(const std::string& text) {
    policy = parse(sources, sources.add("test", text), {}, diagnostics);
  }
  [[nodiscard]] std::string messages() const {
    std::string out;
    for (const Diagnostic& d : diagnostics.all()) out += render(d, sources);
    return out;
  }
};

TEST(Parser, ProfileHead) {
  const Parsed p(
      "profile :ns:web /usr/bin/web xattrs=(user.a=b) flags=(complain, audit) { ^h {} }");
  ASSERT_EQ(p.messages(), "");
  const Profile& profile = p.policy.profiles.at(0);
  EXPECT_EQ(profile.policy_namespace, "ns");
  EXPECT_EQ(profile.name.text, "web");
  EXPECT_EQ(profile.attachment->text, "/usr/bin/web");
  EXPECT_EQ(profile.flags.size(), 2u);
  EXPECT_EQ(profile.xattrs.at(0).value->text, "b");
  EXPECT_TRUE(profile.children.at(0).hat);
}

TEST(Parser, QualifierBlocksAreFlattened) {
  const Parsed p("profile a { priority=5 audit { deny { owner /x rw, } /y Pix -> b, } }");
  ASSERT_EQ(p.messages(), "");
  const auto& rules = p.policy.profiles.at(0).rules;
  ASSERT_EQ(rules.size(), 2u);
  EXPECT_EQ(rules[0].qualifiers.priority, 5);
  EXPECT_TRUE(rules[0].qualifiers.audit);
  EXPECT_EQ(rules[0].qualifiers.decision, Decision::Deny);
  EXPECT_EQ(rules[0].qualifiers.ownership, Ownership::Owner);
  EXPECT_EQ(std::get<FileRule>(rules[0].body).permissions, kRead | kWrite);
  const auto& exec = std::get<FileRule>(rules[1].body);
  EXPECT_EQ(*exec.exec, (Exec{ExecMode::Profile, ExecFallback::Inherit, true}));
  EXPECT_EQ(exec.target->text, "b");
}

TEST(Parser, EveryRuleClass) {
  const Parsed p(
      "@{T} = /t\n"
      "profile a {\n"
      "  file, link subset @{T} -> /u, capability chown kill, network (send) inet tcp ip=::1,\n"
      "  unix send type=stream peer=(addr=@x label=y), mount options=(ro bind) /a -> /b,\n"
      "  remount /a, umount /a, pivot_root oldroot=/o /n -> b, ptrace (read) peer=b,\n"
      "  signal send set=(term rtmin+3) peer=b, dbus send bus=system peer=(name=n label=l),\n"
      "  set rlimit rttime <= 2ms, change_profile unsafe /x -> b, userns create,\n"
      "  io_uring sqpoll, mqueue (read) type=posix /q, all,\n"
      "}\n");
  ASSERT_EQ(p.messages(), "");
  const auto& rules = p.policy.profiles.at(0).rules;
  EXPECT_EQ(rules.size(), 18u);
  EXPECT_EQ(std::get<RlimitRule>(rules[12].body).value, 2000u);
}

TEST(Parser, ConditionalsTakeOneBranch) {
  const Parsed p(
      "${A} = false\n profile a { if ${A} { /a r, } else if not defined @{B} { /b r, } "
      "else { /c r, } }");
  ASSERT_EQ(p.messages(), "");
  const auto& rules = p.policy.profiles.at(0).rules;
  ASSERT_EQ(rules.size(), 1u);
  EXPECT_EQ(std::get<FileRule>(rules[0].body).path->text, "/b");
}

TEST(Parser, GoesOnAfterErrors) {
  const Parsed p("profile a {\n  /a rq,\n  capability nope,\n  /b r,\n  network inet what,\n}\n");
  EXPECT_EQ(p.diagnostics.errors(), 3u);
  EXPECT_EQ(p.diagnostics.all().at(0).at, (Position{0, 2, 6}));
  EXPECT_EQ(p.diagnostics.all().at(1).at, (Position{0, 3, 14}));
  EXPECT_EQ(p.diagnostics.all().at(2).at, (Position{0, 5, 16}));
}

TEST(Parser, RefusesWhatAppArmorRefuses) {
  for (const char* body :
       {"/a wa,", "/a x,", "deny /a px,", "/a pxPx,", "/a px, /a ix,", "owner capability,",
        "deny audit /a r,", "signal set=(nope),", "/a{b} r,", "/a[ r,", "mount options=(ro rw) /a,",
        "set rlimit rttime <= 60m,", "/@{NONE} r,", "^h {} ^h {}", "priority=1001 /a r,"}) {
    EXPECT_GT(Parsed("profile p { " + std::string(body) + " }").diagnostics.errors(), 0u) << body;
  }
}

TEST(Parser, SecondDefinitionNotesTheFirst) {
  const Parsed p("@{A} = 1\n@{A} = 2\n");
  ASSERT_EQ(p.diagnostics.errors(), 1u);
  EXPECT_EQ(p.diagnostics.all().at(0).notes.at(0).at, (Position{0, 1, 1}));
}

TEST(Parser, HostileInputEnds) {
  std::string deep = "profile a ";
  for (int i = 0; i < 100000; i++) deep += "{ audit ";
  std::string ifs = "${A}=true\nprofile a { ";
  for (int i = 0; i < 100000; i++) ifs += "if ${A} { ";
  std::string profiles;
  for (int i = 0; i < 100000; i++) profiles += "profile a { ";
  for (const std::string& text : {deep, ifs, profiles}) {
    EXPECT_GT(Parsed(text).diagnostics.errors(), 0u);
  }
}

TEST(Parser, AnyBytesEnd) {
  const std::string good =
      "@{A}=x \"y z\"\nabi <kernel>,\nprofile :n:a /b flags=(audit) { include if exists <n>\n "
      "audit deny owner /a{b,c}[d] rw -> x, mount options in (ro) /a -> \"/b\", ^h { unix "
      "peer=(addr=@x), } if not $B { dbus (send) path=/x, } else { signal set=(hup), } }\n";
  unsigned seed = 1;
  const auto random = [&seed] { return (seed = seed * 1103515245 + 12345) >> 16; };
  for (int round = 0; round < 3000; round++) {
    std::string text = good.substr(0, random() % (good.size() + 1));
    for (int i = 0; i < 4 && !text.empty(); i++) {
      text[random() % text.size()] = static_cast<char>(
          random() % 2 == 0 ? random() : static_cast<unsigned char>(good[random() % good.size()]));
    }
    const Parsed p(text);
    EXPECT_EQ(p.messages().empty(), p.diagnostics.all().empty());
  }
}

}  // namespace
}  // namespace aspis::policy
