// SPDX-License-Identifier: Apache-2.0
// Which profile attaches to what Python is started to run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/policy/tables/compiled_text.h"

namespace aspis::policy {
namespace {

struct Launches : CompiledText {
  using CompiledText::CompiledText;

  [[nodiscard]] std::string attached(std::string_view path, std::string_view launch) const {
    const auto& root = *reinterpret_cast<const aspis_policy_root*>(image.bytes.data() + image.root);
    return image.names[attached_to_launch(image, root.python, root.attachments, path, launch)];
  }
};

TEST(Launch, AlternativesOfOneProfile) {
  const Launches text(
      "profile up /usr/bin/python3* python=(script=/srv/app/*.py module=gunicorn{,.*} stdin) { }");
  EXPECT_EQ(text.diagnostics.errors(), 0U);
  const std::string python = "/usr/bin/python3.11";
  EXPECT_EQ(text.attached(python, "s/srv/app/x.py"), "up");
  EXPECT_EQ(text.attached(python, "s/srv/app/sub/x.py"), "");
  EXPECT_EQ(text.attached(python, "mgunicorn"), "up");
  EXPECT_EQ(text.attached(python, "mgunicorn.app"), "up");
  EXPECT_EQ(text.attached(python, "mgunicorns"), "");
  EXPECT_EQ(text.attached(python, "i"), "up");
  EXPECT_EQ(text.attached(python, "c"), "");
  EXPECT_EQ(text.attached(python, ""), "");
  EXPECT_EQ(text.attached("/usr/bin/perl", "i"), "");
  EXPECT_EQ(text.CompiledText::attached("/usr/bin/python3.11"), 0)
      << "by its path alone it attaches to nothing";
}

TEST(Launch, BeatsAProfileOfTheSamePath) {
  const Launches text(
      "profile any /usr/bin/python3* { } profile up /usr/bin/python3* python=(command) { }");
  EXPECT_EQ(text.attached("/usr/bin/python3", "c"), "up");
  EXPECT_EQ(text.attached("/usr/bin/python3", "i"), "any");
}

TEST(Launch, ALongerMatchOfThePathIsStronger) {
  const Launches text(
      "profile exact /usr/bin/python3.11 { } profile up /usr/bin/python* python=(command) { }"
      "profile exact-up /usr/bin/python3.11 python=(script=/a/**) { }");
  EXPECT_EQ(text.attached("/usr/bin/python3.11", "c"), "exact");
  EXPECT_EQ(text.attached("/usr/bin/python3.12", "c"), "up");
  EXPECT_EQ(text.attached("/usr/bin/python3.11", "s/a/b"), "exact-up");
}

TEST(Launch, OfTwoThatMatchTheLongerLaunch) {
  const Launches text(
      "profile all /usr/bin/python3* python=(script=/srv/**) { }"
      "profile one /usr/bin/python3* python=(script=/srv/app/one.py) { }"
      "profile same /usr/bin/python3* python=(script=/srv/app/one.p?) { }"
      "profile command /usr/bin/python3* python=(command) { }");
  EXPECT_EQ(text.attached("/usr/bin/python3", "s/srv/app/two.py"), "all");
  EXPECT_EQ(text.attached("/usr/bin/python3", "s/srv/app/one.py"), "") << "a conflict";
  EXPECT_EQ(text.attached("/usr/bin/python3", "s/srv/app/one.px"), "same");
  EXPECT_EQ(text.attached("/usr/bin/python3", "c"), "command");
}

TEST(Launch, ChildrenHaveTheirOwn) {
  const Launches text(
      "profile p { profile c /usr/bin/python3 python=(stdin) { } profile d /usr/bin/python3 { } }");
  const aspis_profile& parent = profile_of(text.image, 1);
  const auto chosen = [&](std::string_view launch) {
    return text.image.names[attached_to_launch(text.image, parent.python_children, parent.children,
                                               "/usr/bin/python3", launch)];
  };
  EXPECT_EQ(chosen("i"), "p//c");
  EXPECT_EQ(chosen("c"), "p//d");
  EXPECT_EQ(text.attached("/usr/bin/python3", "i"), "");
}

TEST(Launch, VariablesAndErrors) {
  const Launches text("@{APP} = /a /b\nprofile p /x python=(script=@{APP}/*.py) { }");
  EXPECT_EQ(text.diagnostics.errors(), 0U);
  EXPECT_EQ(text.attached("/x", "s/b/m.py"), "p");
  EXPECT_GT(Launches("profile p /x python=(script=@{NO}/*.py) { }").diagnostics.errors(), 0U);
}

}  // namespace
}  // namespace aspis::policy
