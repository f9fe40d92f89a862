// SPDX-License-Identifier: Apache-2.0
// Times as text. Each clock remembers the text of the last second, as events come in bursts.
#pragma once

#include <cstdint>
#include <ctime>
#include <string>

namespace aspis {

/// "2026-01-02T03:04:05.678901Z"
class UtcClock {
 public:
  /// `wall_offset`: ns from CLOCK_BOOTTIME to CLOCK_REALTIME.
  explicit UtcClock(std::int64_t wall_offset) : wall_offset_(wall_offset) {}
  /// Appends the time `boot_ns` of CLOCK_BOOTTIME.
  void append(std::uint64_t boot_ns, std::string& out);

 private:
  std::int64_t wall_offset_;
  std::time_t second_ = -1;
  std::string text_;
};

/// "03:04:05.678", in the time zone of the process.
class LocalClock {
 public:
  explicit LocalClock(std::int64_t wall_offset) : wall_offset_(wall_offset) {}
  void append(std::uint64_t boot_ns, std::string& out);

 private:
  std::int64_t wall_offset_;
  std::time_t second_ = -1;
  std::string text_;
};

/// "1774470501.870": seconds since 1970 and milliseconds, as the kernel's audit has them.
class AuditClock {
 public:
  explicit AuditClock(std::int64_t wall_offset) : wall_offset_(wall_offset) {}
  void append(std::uint64_t boot_ns, std::string& out) const;

 private:
  std::int64_t wall_offset_;
};

}  // namespace aspis
