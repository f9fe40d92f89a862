// SPDX-License-Identifier: Apache-2.0
// `-o avc` on what a profile really refuses, and what AppArmor's own tools make of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <sstream>

#include "tests/system/aspis_run.h"

namespace aspis::test {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

constexpr int kNotInstalled = 77;

constexpr const char* kBox = R"(profile box {
  /{usr,lib,lib64,bin}/** mrix,
  /proc/** r,
  /dev/** rw,
  /etc/ld.so.* r,
  /tmp/** r,
  audit /etc/hostname r,
  deny /etc/group r,
}
profile learn flags=(complain) {
  /{usr,lib,lib64,bin}/** mr,
  /usr/bin/{,da}sh ix,
}
)";

std::vector<std::string> lines_of(const std::string& file) {
  std::ifstream stream(file);
  std::vector<std::string> out;
  for (std::string line; std::getline(stream, line);) out.push_back(line);
  return out;
}

struct Log {
  /// Runs a shell line under a profile.
  Log(const std::string& profile, const std::string& line) {
    std::ofstream(directory.path("box")) << kBox;
    outcome =
        run({aspis_binary(), "run", "-o", "avc", "--stacks", "none", "--to", file(), "--profile",
             directory.path("box") + ":" + profile, "--", "/bin/sh", "-c", line});
    lines = lines_of(file());
    for (const std::string& text : lines) text_of_all += text + "\n";
  }
  [[nodiscard]] std::string file() const { return directory.path("log"); }
  /// What read_avc.py says; its status in `status`.
  std::string read(const std::string& command, int& status) const {
    const Outcome read =
        run({"/usr/bin/python3", ASPIS_SOURCE_DIR "/tests/system/read_avc.py", command, file()});
    status = read.code();
    return read.out + read.err;
  }
  TemporaryDirectory directory;
  Outcome outcome;
  std::vector<std::string> lines;
  std::string text_of_all;
};

/// class= or not: by the kernel.
constexpr const char* kStart = R"re(type=AVC msg=audit\([0-9]+\.[0-9]{3}:[0-9]+\): apparmor=)re";

std::string line_like(const std::string& outcome, const std::string& operation,
                      const std::string& rest) {
  return std::string(kStart) + "\"" + outcome + "\" operation=\"" + operation +
         "\"( class=\"[a-z]+\")? " + rest;
}

TEST(Avc, EachRefusedAccessIsALine) {
  const Log log("box",
                "cat /etc/passwd /etc/group /etc/hostname; mkdir /tmp/made; ln /bin/cat /tmp/link; "
                "echo x > '/tmp/a name'");
  EXPECT_THAT(log.lines, Contains(MatchesRegex(line_like(
                             "DENIED", "open",
                             R"re(profile="box" name="/etc/passwd" pid=[0-9]+ comm="cat" )re"
                             R"re(requested_mask="r" denied_mask="r" fsuid=0 ouid=0)re"))));
  EXPECT_THAT(log.lines, Contains(MatchesRegex(line_like(
                             "AUDIT", "open",
                             R"re(profile="box" name="/etc/hostname" pid=[0-9]+ comm="cat" )re"
                             R"re(requested_mask="r" fsuid=0 ouid=0)re"))));
  EXPECT_THAT(log.lines, Contains(MatchesRegex(line_like(
                             "DENIED", "mkdir",
                             R"re(profile="box" name="/tmp/made/" pid=[0-9]+ comm="mkdir" )re"
                             R"re(requested_mask="c" denied_mask="c" fsuid=0 ouid=0)re"))));
  EXPECT_THAT(log.lines, Contains(MatchesRegex(line_like(
                             "DENIED", "(open|mknod)",
                             R"re(profile="box" name=2F746D702F61206E616D65 .*comm="sh" .*)re"))));
  EXPECT_THAT(log.text_of_all, Not(HasSubstr("/etc/group"))) << "a rule keeps it quiet";
}

TEST(Avc, EverythingElseCountsAsFiltered) {
  const Log log("box", "cat /etc/passwd");
  unsigned shown = 0;
  for (const std::string& line : log.lines) shown += line.starts_with("type=AVC");
  ASSERT_FALSE(log.lines.empty());
  unsigned long events = 0, emitted = 0, filtered = 0, lost = 1;
  ASSERT_EQ(std::sscanf(log.lines.back().c_str(),
                        "# aspis: %lu events: %lu shown, %lu filtered, %lu lost", &events, &emitted,
                        &filtered, &lost),
            4)
      << log.text_of_all;
  EXPECT_EQ(lost, 0U);
  EXPECT_EQ(emitted, shown);
  EXPECT_GE(emitted, 1U);
  EXPECT_EQ(events, emitted + filtered);
}

TEST(Avc, ComplainNamesTheProfileThatItMakesUp) {
  const Log log("learn", "cat /etc/passwd; true");
  EXPECT_THAT(log.lines, Contains(MatchesRegex(line_like(
                             "ALLOWED", "exec",
                             R"re(profile="learn" name="/usr/bin/cat" pid=[0-9]+ comm="sh" )re"
                             R"re(requested_mask="x" denied_mask="x" fsuid=0 ouid=0 )re"
                             R"re(target="learn//null-/usr/bin/cat")re"))));
  EXPECT_THAT(
      log.lines,
      Contains(MatchesRegex(line_like(
          "ALLOWED", "open", R"re(profile="learn//null-/usr/bin/cat" name="/etc/passwd" .*)re"))));
}

TEST(Avc, AppArmorsOwnToolsReadEveryLine) {
  const Log log("box", "cat /etc/passwd; mkdir /tmp/made; echo x > '/tmp/a name'; rm /tmp/none");
  int status = 0;
  const std::string fields = log.read("fields", status);
  if (status == kNotInstalled) GTEST_SKIP() << fields;
  EXPECT_EQ(status, 0) << fields << log.text_of_all;
  const std::string rules = log.read("rules", status);
  if (status == kNotInstalled) GTEST_SKIP() << rules;
  EXPECT_EQ(status, 0) << rules;
  EXPECT_THAT(rules, HasSubstr("box: owner /etc/passwd r,\n"));
  EXPECT_THAT(rules, HasSubstr("box: owner /tmp/made/ w,\n"));
}

}  // namespace
}  // namespace aspis::test
