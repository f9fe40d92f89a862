// SPDX-License-Identifier: Apache-2.0
// Rules on the profiles that a task may ask for, and the names that it may ask for. Expected
// permissions are those of apparmor_parser (parser_regex.c: process_dfa_entry).
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "bpf/abi/subject.h"
#include "tests/unit/policy/tables/compiled_text.h"

namespace aspis::policy {
namespace {

constexpr unsigned kBoth = ASPIS_PROFILE_CHANGE | ASPIS_PROFILE_ONEXEC;

unsigned asked(const CompiledText& text, std::string_view name) {
  return class_permissions(text.image, 1, ASPIS_CLASS_CHANGE_PROFILE, name).allow;
}

unsigned at_exec(const CompiledText& text, std::string program, std::string_view name) {
  program += '\0';
  program += name;
  return asked(text, program);
}

/// What the kernel side finds under a name.
unsigned named(const CompiledText& text, std::string_view name) {
  const auto* root =
      reinterpret_cast<const aspis_policy_root*>(text.image.bytes.data() + text.image.root);
  return outcome_of(text.image, root->names, name);
}

TEST(ChangeProfileRules, NamesAndGlobs) {
  const CompiledText text("profile x { change_profile -> y//{a,b}, change_profile -> &z, }");
  ASSERT_EQ(text.messages(), "");
  EXPECT_EQ(asked(text, "y//a"), kBoth);
  EXPECT_EQ(asked(text, "y//c"), 0U);
  EXPECT_EQ(asked(text, "&z"), kBoth);
  EXPECT_EQ(asked(text, "z"), 0U) << "a stack is not a change";
  EXPECT_EQ(at_exec(text, "/usr/bin/any", "y//b"), unsigned{ASPIS_PROFILE_ONEXEC});
  EXPECT_EQ(at_exec(text, "/", "y//b"), 0U);
}

TEST(ChangeProfileRules, AProgramIsAConditionAtExec) {
  const CompiledText text("profile x { change_profile unsafe /bin/* -> y, }");
  ASSERT_EQ(text.messages(), "");
  EXPECT_EQ(asked(text, "y"), kBoth);
  EXPECT_EQ(at_exec(text, "/bin/sh", "y"), unsigned{ASPIS_PROFILE_ONEXEC | ASPIS_PROFILE_UNSAFE});
  EXPECT_EQ(at_exec(text, "/sbin/sh", "y"), 0U);
}

TEST(ChangeProfileRules, WithoutATargetAnyAndDenyWins) {
  const CompiledText text("profile x { change_profile, deny change_profile -> y, }");
  ASSERT_EQ(text.messages(), "");
  EXPECT_EQ(asked(text, "unconfined"), kBoth);
  EXPECT_EQ(asked(text, "&y"), kBoth);
  EXPECT_EQ(asked(text, "y"), 0U);
  EXPECT_EQ(asked(text, ""), 0U);
}

TEST(ChangeProfileRules, OnListen) {
  const CompiledText text(
      "profile x { change_profile on listen -> &x//busy, profile busy { } } profile y { }");
  ASSERT_EQ(text.messages(), "");
  const auto& profile = profile_of(text.image, 1);
  ASSERT_NE(profile.on_listen, 0);
  const auto* execs = reinterpret_cast<const aspis_exec*>(text.image.bytes.data() + profile.execs);
  const aspis_exec& order = execs[profile.on_listen];
  EXPECT_EQ(order.targets[0], text.id("x//busy"));
  EXPECT_EQ(order.targets[1], 0);
  EXPECT_EQ(order.flags, ASPIS_EXEC_NAMED | ASPIS_EXEC_STACK);
  EXPECT_EQ(profile_of(text.image, text.id("y")).on_listen, 0);
  EXPECT_EQ(asked(text, "&x//busy"), 0U) << "an order is no permission to ask";
}

TEST(ChangeProfileRules, OnListenWrongly) {
  for (const auto& [rules, message] : std::vector<std::pair<std::string, std::string>>{
           {"change_profile on accept -> y,", "no event that a profile can change on"},
           {"change_profile on listen,", "the profile to change to"},
           {"deny change_profile on listen -> y,", "takes no qualifiers"},
           {"change_profile on listen -> y, change_profile on listen -> z,", "on the same event"},
           {"change_profile on listen -> busy, profile busy { }", "that of the child x//busy"}}) {
    const CompiledText text("profile x { " + rules + " }");
    EXPECT_NE(text.messages().find(message), std::string::npos) << rules << text.messages();
  }
}

TEST(ChangeProfileRules, IdsByNames) {
  const CompiledText text("profile x { ^hat { } profile child { } } profile y { }");
  ASSERT_EQ(text.messages(), "");
  for (const char* name : {"x", "x//hat", "x//child", "y"}) {
    EXPECT_EQ(named(text, name), text.id(name)) << name;
    EXPECT_EQ(named(text, "&" + std::string(name)), text.id(name)) << name;
  }
  EXPECT_EQ(named(text, ASPIS_UNCONFINED), unsigned{ASPIS_ID_UNCONFINED});
  for (const char* name : {"", "&", "x//", "child", "&&x", "xx"}) EXPECT_EQ(named(text, name), 0U);
}

TEST(CapabilityRules, WhatOneRuleDeniesQuietlyIsQuiet) {
  for (const char* rules : {"deny capability kill, audit deny capability kill,",
                            "audit deny capability kill, deny capability kill,"}) {
    const CompiledText text("profile x { audit capability chown, " + std::string(rules) + " }");
    EXPECT_EQ(text.policy.profiles[0].capability_audit, 1U << 0) << rules;
    EXPECT_EQ(text.policy.profiles[0].capability_deny, 1U << 5) << rules;
  }
}

}  // namespace
}  // namespace aspis::policy
