// SPDX-License-Identifier: Apache-2.0
// Command lines as launches.
#include "policy/tools/launch_of.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace aspis::policy {
namespace {

std::string launch(std::vector<std::string> arguments, std::string_view directory = "/srv/app") {
  arguments.insert(arguments.begin(), "python3");
  return launch_of(arguments, directory);
}

TEST(LaunchOf, PathsAreMadeByTheirText) {
  EXPECT_EQ(launch({"x.py"}), "s/srv/app/x.py");
  EXPECT_EQ(launch({"./../app//x.py"}), "s/srv/app/x.py");
  EXPECT_EQ(launch({"../../../../x"}), "s/x");
  EXPECT_EQ(launch({"/opt/./a/../b"}), "s/opt/b");
  EXPECT_EQ(launch({"sub/"}), "s/srv/app/sub/");
  EXPECT_EQ(launch({"."}), "s/srv/app");
  EXPECT_EQ(launch({""}), "s/srv/app");
  EXPECT_EQ(launch({"x"}, "/"), "s/x");
  EXPECT_EQ(launch({".."}, "/"), "s/");
}

TEST(LaunchOf, TheOthers) {
  EXPECT_EQ(launch({"-Im", "a.b", "x"}), "ma.b");
  EXPECT_EQ(launch({"-c", "pass"}), "c");
  EXPECT_EQ(launch({}), "i");
  EXPECT_EQ(launch({"-V"}), "");
  EXPECT_EQ(launch_of({}, "/"), "");
  EXPECT_EQ(launch_in_words("s/a"), "the script /a");
  EXPECT_EQ(launch_in_words(""), "nothing");
}

}  // namespace
}  // namespace aspis::policy
