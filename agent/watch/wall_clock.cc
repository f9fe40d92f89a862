// SPDX-License-Identifier: Apache-2.0
#include "agent/watch/wall_clock.h"

#include <cstdlib>
#include <ctime>

namespace aspis {
namespace {

/// ns: less is what passes between looking at one clock and at the other, on a busy machine.
constexpr std::int64_t kSet = 50'000'000;

std::int64_t clock_ns(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

std::int64_t difference() {
  return clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_BOOTTIME);
}

}  // namespace

std::uint64_t boot_time() {
  return static_cast<std::uint64_t>(clock_ns(CLOCK_BOOTTIME));
}

WallOffset wall_offset() {
  static const WallOffset offset(difference());
  return offset;
}

std::optional<double> follow_wall_clock() {
  WallOffset offset = wall_offset();
  const std::int64_t now = difference(), moved = now - offset.ns();
  if (std::llabs(moved) < kSet) return std::nullopt;
  offset.set(now);
  return static_cast<double>(moved) / 1e9;
}

}  // namespace aspis
