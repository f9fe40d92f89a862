// SPDX-License-Identifier: Apache-2.0
#include "agent/config/profile_yaml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aspis {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr const char* kHead = "apiVersion: aspis.dev/v1\nkind: Profile\n";

std::vector<ProfileDocument> read(const std::string& text) {
  auto read = read_profile_yaml(text, "f");
  EXPECT_TRUE(read) << read.error().text();
  return read ? *read : std::vector<ProfileDocument>();
}

std::string wrong(const std::string& text) {
  const auto read = read_profile_yaml(text, "f");
  return read ? "nothing" : read.error().text();
}

TEST(ProfileYaml, TheTextIsWhereItWasInTheFile) {
  const auto found = read(std::string(kHead) + R"(metadata:
  name: upload
  labels: {app: upload}
spec:
  mode: complain
  text: |

    profile upload {
      /a r,

    }
---
# the second one
kind: Profile
apiVersion: aspis.dev/v1
metadata: {name: two.b-2}
spec:
  text: |2-
      profile b {}
---
)");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].name, "upload");
  EXPECT_EQ(found[0].mode, "complain");
  EXPECT_EQ(found[0].text, std::string(8, '\n') + "\n    profile upload {\n      /a r,\n\n    }\n");
  EXPECT_EQ(found[1].name, "two.b-2");
  EXPECT_EQ(found[1].mode, std::nullopt);
  EXPECT_EQ(found[1].text, std::string(20, '\n') + "      profile b {}\n");
}

TEST(ProfileYaml, LinesMayEndAsInOtherSystems) {
  const auto found = read(
      "apiVersion: aspis.dev/v1\r\nkind: Profile\r\nmetadata: {name: a}\r\nspec:\r\n  text: |\r\n"
      "    profile a {}\r\n");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].text, std::string(5, '\n') + "    profile a {}\n");
}

TEST(ProfileYaml, WhatAClusterAddsIsPassedOver) {
  EXPECT_EQ(read(std::string(kHead) +
                 "metadata: {name: a, uid: x, resourceVersion: '1', managedFields: [{}]}\n"
                 "spec:\n  text: |\n    profile a {}\nstatus: {}\n")
                .size(),
            1U);
  EXPECT_TRUE(read("").empty());
  EXPECT_TRUE(read("# nothing\n---\n---\n").empty());
}

TEST(ProfileYaml, SaysWhatIsWrongAndWhere) {
  EXPECT_THAT(wrong("- a\n"), "f:1:1: an object of the kind Profile is expected here");
  EXPECT_THAT(wrong("kind: Profile\n"),
              "f:1:1: apiVersion: aspis.dev/v1 is expected, and it is missing");
  EXPECT_THAT(wrong("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"),
              "f:1:13: apiVersion: aspis.dev/v1 is expected, not 'v1'");
  EXPECT_THAT(wrong("apiVersion: aspis.dev/v1\nkind: Profiles\n"),
              "f:2:7: kind: Profile is expected, not 'Profiles'");
  EXPECT_THAT(wrong(std::string(kHead) + "spec: {text: a}\n"), HasSubstr("metadata: a name"));
  EXPECT_THAT(wrong(std::string(kHead) + "metadata: {name: A}\nspec:\n  text: |\n    a\n"),
              HasSubstr("f:3:18: metadata.name: letters of lower case"));
  EXPECT_THAT(wrong(std::string(kHead) + "metadata: {name: a}\n"), HasSubstr("spec: `text`"));
  const std::string named = std::string(kHead) + "metadata: {name: a}\n";
  EXPECT_THAT(wrong(named + "spec:\n  modes: kill\n  text: |\n    a\n"),
              "f:5:3: unknown member 'modes' of spec; there are mode, text");
  EXPECT_THAT(wrong(named + "spec:\n  mode: audit\n  text: |\n    a\n"),
              "f:5:9: spec.mode: one of enforce, complain, kill is expected");
  EXPECT_THAT(wrong(named + "spec: {text: [a]}\n"), HasSubstr("f:4:14: spec.text: the text"));
  EXPECT_THAT(wrong(named + "spec:\n  text: |\n    a\n---\n" + named + "spec:\n  text: |\n    b\n"),
              "f:10:18: another Profile is called a, in line 3");
  EXPECT_THAT(wrong(named + "kind: Profile\nspec: {}\n"),
              AllOf(HasSubstr("f:4:1: 'kind' is there twice"), HasSubstr("spec.text")));
  EXPECT_THAT(wrong("a: [\n"), HasSubstr("f:2:1: ")) << "what yaml-cpp says";
}

/// Elsewhere a place in the text would not be one in the file.
TEST(ProfileYaml, TheTextIsABlock) {
  const std::string named = std::string(kHead) + "metadata: {name: a}\nspec:\n";
  const std::string expected = "spec.text: write it as a block of its own lines, after `text: |`";
  EXPECT_THAT(wrong(named + "  text: profile a {}\n"), HasSubstr("f:5:9: " + expected));
  EXPECT_THAT(wrong(named + "  text: \"profile a {\\n}\\n\"\n"), HasSubstr(expected));
  EXPECT_THAT(wrong(named + "  text: >\n    profile a {\n    }\n"), HasSubstr(expected));
}

TEST(ProfileYaml, IsChosenByTheNameOfTheFile) {
  EXPECT_TRUE(is_profile_yaml("/p/a.yaml"));
  EXPECT_TRUE(is_profile_yaml("a.yml"));
  EXPECT_FALSE(is_profile_yaml("/p.yaml/a"));
  EXPECT_FALSE(is_profile_yaml("-"));
}

}  // namespace
}  // namespace aspis
