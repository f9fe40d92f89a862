// SPDX-License-Identifier: Apache-2.0
// The clocks of the host: events carry CLOCK_BOOTTIME, which nobody can set, and people read
// CLOCK_REALTIME, which somebody may.
#pragma once

#include <cstdint>
#include <optional>

#include "agent/output/clock.h"

namespace aspis {

/// ns, CLOCK_BOOTTIME.
std::uint64_t boot_time();

/// From CLOCK_BOOTTIME to CLOCK_REALTIME: one for the process, kept right by follow_wall_clock().
WallOffset wall_offset();

/// Has the wall clock been set since the last call? Then from now on wall_offset(), and what was
/// made with it, is as it is now; returns the seconds it was set forward by, negative: back. What
/// adjtime(3) does is no such thing: both clocks run at its pace.
std::optional<double> follow_wall_clock();

}  // namespace aspis
