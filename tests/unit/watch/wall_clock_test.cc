// SPDX-License-Identifier: Apache-2.0
#include "agent/watch/wall_clock.h"

#include <gtest/gtest.h>

#include <cmath>
#include <ctime>

namespace aspis {
namespace {

TEST(WallClock, IsFollowedByWhatWasMadeWithIt) {
  EXPECT_FALSE(follow_wall_clock());
  UtcClock clock(wall_offset());
  const auto hour = [&clock] {
    std::string text;
    clock.append(boot_time(), text);
    return text.substr(0, 13);
  };
  const auto now_by_libc = [] {
    const std::time_t now = ::time(nullptr);
    char text[64];
    return std::string(text, ::strftime(text, sizeof(text), "%Y-%m-%dT%H", ::gmtime(&now)));
  };
  // As if the clock had been an hour behind when it was looked at last.
  wall_offset().set(wall_offset().ns() - 3'600'000'000'000);
  EXPECT_NE(hour(), now_by_libc());
  const auto moved = follow_wall_clock();
  ASSERT_TRUE(moved);
  EXPECT_NEAR(*moved, 3600, 1);
  EXPECT_EQ(hour(), now_by_libc());
  EXPECT_FALSE(follow_wall_clock());
}

}  // namespace
}  // namespace aspis
