// SPDX-License-Identifier: Apache-2.0
// Lines of the formatters, and JSON lines read back.
#pragma once

#include <nlohmann/json.hpp>
#include <regex>
#include <string>

#include "agent/event/record.h"
#include "agent/output/formatter.h"
#include "agent/output/sample.h"

namespace aspis {

using Json = nlohmann::ordered_json;

/// 2026-01-02T03:00:00Z at a boot time of one hour.
inline constexpr std::int64_t kWallOffset = 1'767'319'200'000'000'000;

inline std::string line_of(std::string_view format, const Record& record, bool colour = false) {
  std::string line;
  find_formatter(format)->make({kWallOffset, colour})->format(record, line);
  return line;
}

/// Parses with an independent parser. It refuses lone surrogates, so the escape \udcXX becomes
/// "<dcXX>" first.
inline Json parse(const std::string& text) {
  static const std::regex kEscape(
      R"((\\\\)|\\u([dD][89a-bA-B][0-9a-f]{2})\\u([dD][c-fC-F][0-9a-f]{2})|\\u([dD][89a-fA-F][0-9a-f]{2}))");
  std::string out;
  auto last = text.cbegin();
  for (std::sregex_iterator it(text.begin(), text.end(), kEscape), end; it != end; ++it) {
    out.append(last, (*it)[0].first);
    last = (*it)[0].second;
    out += (*it)[4].matched ? "<" + (*it)[4].str() + ">" : (*it)[0].str();
  }
  return Json::parse(out.append(last, text.cend()));
}

inline Json json_of(const Record& record) {
  return parse(line_of("json", record));
}
inline Json json_of(sample::Wire wire) {
  const sample::Sample sample("", std::move(wire));
  return json_of(sample.record);
}
/// The compact line without its time and line end.
inline std::string compact_of(const Record& record) {
  const std::string line = line_of("compact", record);
  return line.substr(13, line.size() - 14);
}
inline std::string compact_of(sample::Wire wire) {
  const sample::Sample sample("", std::move(wire));
  return compact_of(sample.record);
}

}  // namespace aspis
