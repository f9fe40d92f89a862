// SPDX-License-Identifier: Apache-2.0
// aspis policy …, as a person runs it: files, streams and exit codes. Needs no root.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>

#include "tests/system/aspis_run.h"

namespace aspis::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Policy : public testing::Test {
 protected:
  Outcome policy(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {aspis_binary(), "policy"});
    return run(arguments);
  }

  std::string file(const std::string& name, const std::string& text) {
    std::ofstream(directory_.path(name)) << text;
    return directory_.path(name);
  }

  static std::string text(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }

  TemporaryDirectory directory_;
  const std::string simple_ =
      file("simple", "profile p {\n  /etc/** r,\n  deny /etc/shadow r,\n  /l l,\n}\n");
};

TEST_F(Policy, ExplainAnswersByItsExitCodeToo) {
  const Outcome allowed = policy({"explain", simple_, "p", "r", "/etc/nothing-such"});
  EXPECT_EQ(allowed.code(), 0);
  EXPECT_THAT(allowed.out, HasSubstr("p: r /etc/nothing-such: allowed\n"));
  EXPECT_THAT(allowed.out, HasSubstr(simple_ + ":2:3: rule: allows\n    /etc/** r,\n"));
  EXPECT_EQ(policy({"explain", simple_, "p", "r", "/etc/shadow"}).code(), 1);
}

TEST_F(Policy, ExplainTakesLinksInThreeForms) {
  for (const auto& names :
       std::vector<std::vector<std::string>>{{"/l", "/t"}, {"/l", "->", "/t"}, {"/l -> /t"}}) {
    std::vector<std::string> arguments = {"explain", simple_, "p", "l"};
    arguments.insert(arguments.end(), names.begin(), names.end());
    const Outcome outcome = policy(arguments);
    EXPECT_EQ(outcome.code(), 0) << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("p: l /l -> /t: allowed\n"));
  }
}

TEST_F(Policy, ExplainSaysWhatIsWrongWithTheQuestion) {
  const Outcome profile = policy({"explain", simple_, "q", "r", "/a"});
  EXPECT_EQ(profile.code(), 2);
  EXPECT_THAT(profile.err, AllOf(HasSubstr("no profile q"), HasSubstr("\n  p")));
  EXPECT_EQ(policy({"explain", simple_, "p", "rz", "/a"}).code(), 2);
  EXPECT_THAT(policy({"explain", simple_, "p", "r", "a"}).err, HasSubstr("begin with \"/\""));
  EXPECT_THAT(policy({"explain", simple_, "p", "l", "/a"}).err, HasSubstr("l LINK TARGET"));
  EXPECT_EQ(policy({"explain", simple_, "p", "r", "/a", "--such"}).code(), 2);
  EXPECT_EQ(policy({"explain", directory_.path("none"), "p", "r", "/a"}).code(), 2);
  EXPECT_EQ(policy({"explain", file("bad", "profile {"), "p", "r", "/a"}).code(), 2);
}

TEST_F(Policy, DumpShowsProfilesAndTheirAutomata) {
  const std::string two = file("two", "profile p { /a r, }\nprofile q { }\n");
  const Outcome all = policy({"dump", two});
  EXPECT_EQ(all.code(), 0);
  EXPECT_THAT(all.out, AllOf(HasSubstr("profile p\n"), HasSubstr("\n\nprofile q\n")));
  EXPECT_THAT(policy({"dump", two, "q"}).out, Not(HasSubstr("profile p")));
  EXPECT_THAT(policy({"dump", two, "p", "--dot"}).out, HasSubstr("digraph \"p\""));
  const Outcome unnamed = policy({"dump", "--dot", two});
  EXPECT_EQ(unnamed.code(), 2);
  EXPECT_THAT(unnamed.err, HasSubstr("several profiles"));
}

TEST_F(Policy, FormatPrintsChecksAndWrites) {
  const std::string ugly = file("ugly", "profile p   {\n/a   r,\n}");
  const std::string pretty = "profile p {\n  /a r,\n}\n";
  ASSERT_EQ(::chmod(ugly.c_str(), 0640), 0);
  const std::string link = directory_.path("link");
  ASSERT_EQ(::symlink("ugly", link.c_str()), 0);
  EXPECT_EQ(policy({"format", ugly}).out, pretty);
  const Outcome checked = policy({"format", "--check", simple_, ugly});
  EXPECT_EQ(checked.code(), 1);
  EXPECT_EQ(checked.out, ugly + "\n");
  EXPECT_EQ(policy({"format", "-w", link}).code(), 0);
  EXPECT_EQ(text(ugly), pretty);
  EXPECT_EQ(policy({"format", "--check", ugly, link}).code(), 0);
  struct stat now{};
  ASSERT_EQ(::lstat(ugly.c_str(), &now), 0);
  EXPECT_EQ(now.st_mode & 07777, 0640U);
  ASSERT_EQ(::lstat(link.c_str(), &now), 0);
  EXPECT_TRUE(S_ISLNK(now.st_mode));
}

TEST_F(Policy, FormatLeavesAloneWhatIsFormattedOrWrong) {
  struct stat before{}, after{};
  ASSERT_EQ(::stat(simple_.c_str(), &before), 0);
  EXPECT_EQ(policy({"format", "-w", simple_}).code(), 0);
  ASSERT_EQ(::stat(simple_.c_str(), &after), 0);
  EXPECT_EQ(before.st_ino, after.st_ino);
  const std::string wrong = file("wrong", "profile p { /a r,");
  const Outcome outcome = policy({"format", "-w", wrong});
  EXPECT_EQ(outcome.code(), 1);
  EXPECT_THAT(outcome.err, HasSubstr(wrong + ":1:"));
  EXPECT_EQ(text(wrong), "profile p { /a r,");
  EXPECT_EQ(policy({"format", "-w", "-"}).code(), 2);
}

TEST_F(Policy, CheckTakesTheFilesOfADirectory) {
  file(".hidden", "wrong");
  file("README", "wrong");
  file("old.dpkg-old", "wrong");
  file("backup~", "wrong");
  std::filesystem::create_directory(directory_.path("abstractions"));
  file("abstractions/part", "/a r,\n");
  const Outcome good = policy({"check", directory_.path()});
  EXPECT_EQ(good.code(), 0) << good.err;
  EXPECT_THAT(good.err, IsEmpty());
  file("zz", "profile p {");
  const Outcome bad = policy({"check", directory_.path()});
  EXPECT_EQ(bad.code(), 1);
  EXPECT_THAT(bad.err, HasSubstr(directory_.path("zz") + ":1:"));
}

const std::string kProfileObject = R"(apiVersion: aspis.dev/v1
kind: Profile
metadata: {name: one}
spec:
  mode: complain
  text: |
    profile p flags=(kill) {
      /a r,
    }
    profile free flags=(unconfined) {}
)";

TEST_F(Policy, ObjectsOfKubernetesAreReadAsTheirText) {
  const std::string good = file("good.yaml", kProfileObject);
  EXPECT_EQ(policy({"check", good}).code(), 0);
  const Outcome dumped = policy({"dump", good});
  EXPECT_THAT(dumped.out, AllOf(HasSubstr("complain"), Not(HasSubstr("kill"))));
  EXPECT_THAT(dumped.out, HasSubstr("unconfined"));
  const Outcome explained = policy({"explain", good, "p", "r", "/a"});
  EXPECT_THAT(explained.out, HasSubstr(good + ":8:7: rule: allows"));
}

TEST_F(Policy, PlacesInObjectsAreThoseOfTheirFile) {
  const std::string bad = file("bad.yaml", kProfileObject + R"(---
apiVersion: aspis.dev/v1
kind: Profile
metadata: {name: two}
spec:
  text: |
    profile p {}
    profile q { /a Q, }
)");
  const Outcome outcome = policy({"check", bad});
  EXPECT_EQ(outcome.code(), 1);
  EXPECT_THAT(outcome.err, HasSubstr(bad + ":18:20: error: \"Q\" is not a set of file"));
  const std::string twice = file("twice.yml", kProfileObject + R"(---
apiVersion: aspis.dev/v1
kind: Profile
metadata: {name: two}
spec:
  text: |
    profile p {}
)");
  EXPECT_THAT(policy({"check", twice}).err,
              AllOf(HasSubstr(twice + ":17:5: error: The profile p is there already."),
                    HasSubstr(twice + ":7:5: note: It is here.")));
  EXPECT_EQ(policy({"format", twice}).code(), 1);
  EXPECT_THAT(policy({"check", file("other.yaml", "kind: Profile\n")}).err,
              HasSubstr("other.yaml:1:1: apiVersion: aspis.dev/v1 is expected"));
}

}  // namespace
}  // namespace aspis::test
