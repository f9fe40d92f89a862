// SPDX-License-Identifier: Apache-2.0
#include "agent/output/clock.h"

#include <algorithm>

namespace aspis {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

struct WallTime {
  std::time_t second;
  std::uint32_t ns;
};

WallTime wall_time(std::uint64_t boot_ns, const WallOffset& wall_offset) {
  auto wall = static_cast<std::int64_t>(boot_ns + static_cast<std::uint64_t>(wall_offset.ns()));
  wall = std::max<std::int64_t>(wall, 0);
  return {wall / kSecond, static_cast<std::uint32_t>(wall % kSecond)};
}

/// "." and the first `digits` digits of the fraction.
void append_fraction(std::uint32_t ns, unsigned digits, std::string& out) {
  char text[] = ".000000000";
  for (char* digit = text + 9; digit > text; --digit, ns /= 10) {
    *digit = static_cast<char>('0' + ns % 10);
  }
  out.append(text, digits + 1);
}

std::string time_text(const char* format, const std::tm& parts) {
  char text[64];
  return {text, std::strftime(text, sizeof(text), format, &parts)};
}

}  // namespace

void UtcClock::append(std::uint64_t boot_ns, std::string& out) {
  auto [second, ns] = wall_time(boot_ns, wall_offset_);
  if (second != second_) {
    std::tm parts{};
    gmtime_r(&second, &parts);
    text_ = time_text("%Y-%m-%dT%H:%M:%S", parts);
    second_ = second;
  }
  out += text_;
  append_fraction(ns, 6, out);
  out += 'Z';
}

void LocalClock::append(std::uint64_t boot_ns, std::string& out) {
  auto [second, ns] = wall_time(boot_ns, wall_offset_);
  if (second != second_) {
    std::tm parts{};
    localtime_r(&second, &parts);
    text_ = time_text("%H:%M:%S", parts);
    second_ = second;
  }
  out += text_;
  append_fraction(ns, 3, out);
}

void AuditClock::append(std::uint64_t boot_ns, std::string& out) const {
  const auto [second, ns] = wall_time(boot_ns, wall_offset_);
  out += std::to_string(second);
  append_fraction(ns, 3, out);
}

}  // namespace aspis
