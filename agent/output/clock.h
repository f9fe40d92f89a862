// SPDX-License-Identifier: Apache-2.0
// Times as text. Each clock remembers the text of the last second, as events come in bursts.
#pragma once

#include <atomic>
#include <cstdint>
#include <ctime>
#include <memory>
#include <string>
#include <utility>

namespace aspis {

/// ns from CLOCK_BOOTTIME to CLOCK_REALTIME. Copies share it: when the wall clock is set, whoever
/// notices sets it for all of them, of any thread.
class WallOffset {
 public:
  WallOffset(std::int64_t ns = 0)  // NOLINT(google-explicit-constructor): a number of ns is one
      : ns_(std::make_shared<std::atomic<std::int64_t>>(ns)) {}
  [[nodiscard]] std::int64_t ns() const { return ns_->load(std::memory_order_relaxed); }
  void set(std::int64_t ns) { ns_->store(ns, std::memory_order_relaxed); }

 private:
  std::shared_ptr<std::atomic<std::int64_t>> ns_;
};

/// "2026-01-02T03:04:05.678901Z"
class UtcClock {
 public:
  explicit UtcClock(WallOffset wall_offset) : wall_offset_(std::move(wall_offset)) {}
  /// Appends the time `boot_ns` of CLOCK_BOOTTIME.
  void append(std::uint64_t boot_ns, std::string& out);

 private:
  WallOffset wall_offset_;
  std::time_t second_ = -1;
  std::string text_;
};

/// "03:04:05.678", in the time zone of the process.
class LocalClock {
 public:
  explicit LocalClock(WallOffset wall_offset) : wall_offset_(std::move(wall_offset)) {}
  void append(std::uint64_t boot_ns, std::string& out);

 private:
  WallOffset wall_offset_;
  std::time_t second_ = -1;
  std::string text_;
};

/// "1774470501.870": seconds since 1970 and milliseconds, as the kernel's audit has them.
class AuditClock {
 public:
  explicit AuditClock(WallOffset wall_offset) : wall_offset_(std::move(wall_offset)) {}
  void append(std::uint64_t boot_ns, std::string& out) const;

 private:
  WallOffset wall_offset_;
};

}  // namespace aspis
