// SPDX-License-Identifier: Apache-2.0
#include "agent/top/view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aspis::top {
namespace {

using testing::HasSubstr;
using testing::Not;

class ViewTest : public testing::Test {
 protected:
  ViewTest() {
    model_.version = "1";
    model_.backend = "lsm";
    for (unsigned pid = 1; pid <= 30; ++pid)
      model_.processes.push_back({pid, 1, pid == 1, "/bin/p" + std::to_string(pid), "web", "", {}});
    model_.profiles.push_back({"web", "enforce", 30, {12.5, 3, 7, 1}});
  }
  std::string screen(std::size_t width = 120, std::size_t height = 10) {
    std::string text;
    for (const Line& line : lines_of(model_, view_, width, height))
      text += (line.kind == Line::Kind::kSelected ? ">" : "") + line.text + "\n";
    return text;
  }
  void press_all(const char* keys) {
    for (; *keys != '\0'; ++keys) EXPECT_TRUE(press(*keys, model_, view_, 10));
  }
  Model model_;
  View view_;
};

TEST_F(ViewTest, ScrollsWithTheSelection) {
  EXPECT_THAT(screen(), HasSubstr(">      1 "));
  EXPECT_THAT(screen(), HasSubstr("/bin/p1 (python)"));
  press_all("jjjjjjjj");
  EXPECT_THAT(screen(), HasSubstr(">      9 "));
  EXPECT_THAT(screen(), Not(HasSubstr("/bin/p1 ")));
  press(kEnd, model_, view_, 10);
  EXPECT_THAT(screen(), HasSubstr(">     30 "));
  press(kHome, model_, view_, 10);
  EXPECT_THAT(screen(), HasSubstr(">      1 "));
  model_.processes.resize(2);
  press_all("jjjjj");
  EXPECT_THAT(screen(), HasSubstr(">      2 "));
  model_.processes.clear();
  EXPECT_THAT(screen(), HasSubstr("(none)"));
  EXPECT_FALSE(press('q', model_, view_, 10));
}

TEST_F(ViewTest, ProfilesAndDetail) {
  press_all("\t");
  EXPECT_THAT(screen(), HasSubstr(">enforce            12       3.0        8         30  web"));
  press_all("\n");
  EXPECT_EQ(view_.profile, "web");
  view_.recent = {"a \\x20line \x1b[31m"};
  EXPECT_THAT(screen(), HasSubstr("profile web: what it reported last"));
  EXPECT_THAT(screen(), HasSubstr(">a \\x20line ?[31m"));
  press_all("\x1b");
  EXPECT_THAT(screen(), HasSubstr("MODE "));
  press_all("\t\n");
  EXPECT_EQ(view_.pid, 1U);
  EXPECT_THAT(screen(), HasSubstr("process 1 /bin/p1 under web"));
}

TEST_F(ViewTest, FitsTheScreen) {
  model_.processes[0].exe = std::string(500, 'x') + "\n";
  for (const std::size_t width : {1U, 20U, 80U})
    for (const std::size_t height : {0U, 1U, 3U, 24U}) {
      const auto lines = lines_of(model_, view_, width, height);
      EXPECT_LE(lines.size(), height);
      for (const Line& line : lines) EXPECT_EQ(line.text.find('\n'), std::string::npos);
    }
  view_.trouble = "no agent listens";
  EXPECT_THAT(screen(), HasSubstr("no agent listens"));
}

}  // namespace
}  // namespace aspis::top
