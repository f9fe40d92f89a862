// SPDX-License-Identifier: Apache-2.0
// What `aspis policy dump` prints.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/tools/dot.h"
#include "policy/tools/dump.h"
#include "tests/unit/policy/tables/compiled_text.h"

namespace aspis::policy {
namespace {

using testing::HasSubstr;

TEST(Dump, TellsAllOfAProfile) {
  const CompiledText text(
      "profile p /bin/{a,b} flags=(complain, audit) {\n"
      "  capability kill, deny capability sys_admin, /bin/* Px -> q, /a r,\n}\n");
  ASSERT_EQ(text.messages(), "");
  const std::string said = dump(text.policy.profiles[0]);
  EXPECT_THAT(said, HasSubstr("profile p\n"));
  EXPECT_THAT(said, HasSubstr("mode                complain\n"));
  EXPECT_THAT(said, HasSubstr("flags               audit\n"));
  EXPECT_THAT(said, HasSubstr("attaches to         /bin/{a,b}\n"));
  EXPECT_THAT(said, HasSubstr("3 outcomes"));
  EXPECT_THAT(said, HasSubstr("exec                Px -> q\n"));
  EXPECT_THAT(said, HasSubstr("capabilities        kill\n"));
  EXPECT_THAT(said, HasSubstr("capabilities denied sys_admin\n"));
}

TEST(Dump, WhatAppArmorDoesNotKnow) {
  const CompiledText text(
      "profile p /bin/py python=(script=/srv/*.py stdin) { /a/@{ctx.user} r, "
      "package B.c { deny network, } }");
  const std::string said = dump(text.policy.profiles[0]);
  EXPECT_THAT(said, HasSubstr("python              script=/srv/*.py, stdin\n"));
  EXPECT_THAT(said, HasSubstr("contexts            user\n"));
  EXPECT_THAT(said, HasSubstr("  package b-c\n"));
}

TEST(Dump, AllAndNone) {
  const CompiledText text("profile p { capability, profile c { } }");
  EXPECT_THAT(dump(text.policy.profiles[0]), HasSubstr("capabilities        all\n"));
  EXPECT_THAT(dump(text.policy.profiles[1]), HasSubstr("parent              p\n"));
  EXPECT_THAT(dump(text.policy.profiles[1]), HasSubstr("capabilities        none\n"));
}

TEST(Dot, DrawsTheFileAutomaton) {
  const CompiledText text("profile p { owner /a r, }");
  ASSERT_EQ(text.messages(), "");
  EXPECT_EQ(dot(text.policy.profiles[0]),
            "digraph \"p\" {\n"
            "  rankdir=LR;\n"
            "  node [shape=circle];\n"
            "  start [shape=point];\n"
            "  start -> 1;\n"
            "  1 [label=\"\"];\n"
            "  1 -> 2 [label=\"/\"];\n"
            "  2 [label=\"\"];\n"
            "  2 -> 3 [label=\"a\"];\n"
            "  3 [shape=box, label=\"owner: r\"];\n"
            "}\n");
}

TEST(Dot, SaysBytesAsClasses) {
  const auto words = [](std::string_view bytes) {
    std::bitset<256> set;
    for (const char byte : bytes) set.set(static_cast<unsigned char>(byte));
    return byte_set_words(set);
  };
  EXPECT_EQ(words("a"), "a");
  EXPECT_EQ(words("acbz"), "[a-cz]");
  EXPECT_EQ(words("ab"), "[ab]");
  EXPECT_EQ(words("-]\n"), "[\\012\\-\\]]");
  EXPECT_EQ(byte_set_words(std::bitset<256>().set()), "any");
  EXPECT_EQ(byte_set_words(std::bitset<256>().set().reset('/').reset(0)), "[^\\000/]");
}

}  // namespace
}  // namespace aspis::policy
