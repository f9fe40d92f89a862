// SPDX-License-Identifier: Apache-2.0
#include "agent/history/history.h"

#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "agent/chain/log_parts.h"
#include "agent/history/json_filter.h"
#include "agent/history/json_line.h"
#include "agent/output/clock.h"

namespace aspis {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

struct Unit {
  char letter;
  std::int64_t seconds;
};
constexpr Unit kUnits[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};

constexpr const char* kForms[] = {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d"};

/// `"time":"…"` stands near the start of a line: older ones need not be parsed. Times as text are
/// in the order of time.
bool is_older(std::string_view line, std::string_view since) {
  constexpr std::string_view kMember = "\"time\":\"";
  const std::size_t at = line.substr(0, 256).find(kMember);
  if (at == std::string_view::npos) return false;
  return line.substr(at + kMember.size(), since.size()) < since;
}

}  // namespace

Result<std::int64_t> parse_since(const std::string& text, std::int64_t now) {
  std::int64_t count = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, count);
  if (error == std::errc{} && rest + 1 == end && count >= 0)
    for (const Unit& unit : kUnits)
      if (*rest == unit.letter && count <= now / kSecond / unit.seconds)
        return now - count * unit.seconds * kSecond;
  for (const char* form : kForms) {
    std::tm parts{};
    parts.tm_isdst = -1;
    const char* after = ::strptime(text.c_str(), form, &parts);
    if (after == nullptr) continue;
    if (*after == 'Z' && after[1] == '\0') return std::int64_t{::timegm(&parts)} * kSecond;
    if (*after == '\0') return std::int64_t{::mktime(&parts)} * kSecond;
  }
  return fail("'" + text +
              "' is no time: 90s, 10m, 2h or 7d before now, or 2026-01-02, 2026-01-02T03:04:05, "
              "with a Z behind it for UTC");
}

Result<HistoryRead> read_history(
    const HistoryOptions& options,
    const std::function<void(std::string_view text, const nlohmann::json& record)>& record) {
  std::string since;
  UtcClock(0).append(static_cast<std::uint64_t>(std::max<std::int64_t>(options.since, 0)), since);
  std::vector<std::string> files;
  for (const LogPart& part : rotated_parts(options.path)) files.push_back(part.path);
  if (std::filesystem::exists(options.path)) files.push_back(options.path);
  if (files.empty()) return fail(options.path + ": there is no such log");
  HistoryRead read;
  for (const std::string& file : files) {
    struct stat status{};
    if (::stat(file.c_str(), &status) == 0 && status.st_mtime < options.since / kSecond) continue;
    TRYV(each_line(file, [&](std::string_view line, bool) {
      if (is_older(line, since)) return;
      const auto parsed = nlohmann::json::parse(line, nullptr, false);
      if (!parsed.is_object())
        ++read.unreadable;
      else if (passes(options.filter, parsed))
        record(line, parsed);
    }));
  }
  return read;
}

std::string_view without_chain(std::string_view line, std::string& memory) {
  const std::size_t at = line.rfind(",\"record\":");
  if (at == std::string_view::npos || line.find(",\"chain\":\"", at) == std::string_view::npos)
    return line;
  memory.assign(line.substr(0, at));
  memory += '}';
  return memory;
}

}  // namespace aspis
