// SPDX-License-Identifier: Apache-2.0
// Against the examples of docs/events.md, where each event stands as JSON and, below it, as the
// compact format has it, from the event itself.
#include "agent/history/json_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <fstream>
#include <nlohmann/json.hpp>

namespace aspis {
namespace {

using nlohmann::json;
using testing::HasSubstr;

std::string line_of(const json& record) {
  ::setenv("TZ", "UTC", 1);
  ::tzset();
  std::string line;
  append_json_line(record, false, line);
  EXPECT_EQ(line.find('\n'), line.size() - 1) << line;
  line.pop_back();
  return line;
}

/// Time and verb; and all from the first mark on.
std::pair<std::string, std::string> ends_of(const std::string& line) {
  const auto verb = line.find(' ');
  const auto suffix = line.find("  ");
  return {line.substr(0, line.find(' ', verb + 1)),
          suffix == std::string::npos ? "" : line.substr(suffix)};
}

TEST(JsonLine, IsTheCompactLineButForDetails) {
  std::ifstream docs(ASPIS_SOURCE_DIR "/docs/events.md");
  int compared = 0;
  for (std::string text, compact; std::getline(docs, text);) {
    if (!text.starts_with("{\"type\":") || !std::getline(docs, compact)) continue;
    const auto record = json::parse(text);
    const std::string line = line_of(record);
    SCOPED_TRACE(text);
    // This sample's process is its cause's, under another pid.
    if (record.contains("exec") && record["exec"].contains("environment")) continue;
    ++compared;
    if (compact.find(" -- ") != std::string::npos) {
      EXPECT_THAT(line, HasSubstr("-- " + record["type"].get<std::string>()));
      continue;
    }
    EXPECT_EQ(ends_of(line), ends_of(compact)) << line << '\n' << compact;
    for (const char* payload : {"file", "exec"}) {
      if (!(record.contains(payload) && record[payload].contains("path"))) continue;
      EXPECT_THAT(line, HasSubstr(" " + record[payload]["path"].get<std::string>()));
    }
  }
  EXPECT_GT(compared, 15);
}

TEST(JsonLine, NamesWhatWasDone) {
  const auto line = [](const char* text) { return line_of(json::parse(text)); };
  EXPECT_EQ(line(R"({"type":"net.connect","time":"2026-01-02T03:04:05.678901Z",
                     "process":{"pid":7,"exe":"/usr/bin/curl"},
                     "net":{"family":"AF_INET","type":"SOCK_STREAM","address":"192.0.2.7","port":443},
                     "verdict":"allowed"})"),
            "03:04:05.678 connect 192.0.2.7:443 family=AF_INET type=SOCK_STREAM  by curl[7]");
  EXPECT_EQ(line(R"({"type":"file.rename","time":"2026-01-02T03:04:05Z",
                     "process":{"pid":7,"exe":"/bin/mv"},
                     "file":{"path":"/a","other":"/b","dev":"8:1","ino":3}})"),
            "03:04:05.000 rename /a -> /b  by mv[7]");
}

TEST(JsonLine, SurvivesWhatIsNotAsDocumented) {
  for (const char* text :
       {"{}", R"({"type":5,"time":6,"process":7})", R"({"type":"file.open","file":[1]})",
        R"({"type":"file.open","process":{"pid":"x","exe":5},"cause":{"event":{}},"stack":[5]})",
        R"({"type":"process.exec","exec":{},"process":{"argv":{"a":1}}})",
        R"({"type":"nosuch","time":"2026-13-99T99:99:99Z","x":"\u001b[31m"})"}) {
    const std::string line = line_of(json::parse(text));
    EXPECT_EQ(line.find('\x1b'), std::string::npos) << line;
  }
}

}  // namespace
}  // namespace aspis
