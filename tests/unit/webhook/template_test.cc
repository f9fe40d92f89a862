// SPDX-License-Identifier: Apache-2.0
#include "agent/webhook/template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/unit/output/lines.h"

namespace aspis {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

Json filled(std::string_view text, const Record& record, std::uint64_t count = 1,
            std::uint64_t more = 0) {
  const auto body = WebhookTemplate::read(text, "test");
  EXPECT_TRUE(body) << body.error().text();
  return Json::parse(body->fill(body->values(record, {kWallOffset, false}), count, more));
}

std::string wrong(std::string_view text) {
  const auto body = WebhookTemplate::read(text, "t.json");
  return body ? "nothing" : body.error().text();
}

TEST(WebhookTemplate, FillsInWhatHappened) {
  const sample::Sample open("", sample::file_event(ASPIS_FILE_OPEN, "/etc/\"<x>\"&\xff\n"));
  const Json body = filled(
      R"({"t": "{{text}}", "o": "{{object}}", "e": {{event}}, "n": {{count}}, "m": "{{more}}{{times}}",
          "p": {{pid}}, "x": "{{exe}} {{verdict}} {{type}} {{cause}}"})",
      open.record, 18, 17);
  EXPECT_THAT(body["t"].get<std::string>(), StartsWith("open /etc/\"<x>\"&\\xff\\n  by cat[812]"));
  EXPECT_EQ(body["o"], "/etc/\"<x>\"&\uFFFD\n");
  EXPECT_EQ(body["e"]["file"]["path"], "/etc/\"<x>\"&\uFFFD\n");
  EXPECT_EQ(body["n"], 18);
  EXPECT_EQ(body["m"], "17 (×17 more)");
  EXPECT_EQ(body["p"], 812);
  EXPECT_EQ(body["x"], "/usr/bin/cat allowed file.open subprocess.Popen");
}

TEST(WebhookTemplate, OfSlackCannotBeMadeToCallTheChannel) {
  const sample::Sample open("", sample::file_event(ASPIS_FILE_OPEN, "/tmp/<!channel>&"));
  const std::string text = filled(kSlackTemplate, open.record)["text"];
  EXPECT_THAT(text, HasSubstr(": open /tmp/&lt;!channel&gt;&amp;  by cat[812]"));
  EXPECT_THAT(text, testing::Not(HasSubstr("more)")));
  EXPECT_THAT(filled(kSlackTemplate, open.record, 3, 2)["text"].get<std::string>(),
              testing::EndsWith(" (×2 more)"));
}

TEST(WebhookTemplate, EveryPlaceholderOfEveryRecordIsJson) {
  std::string text = "{";
  for (const Placeholder& one : placeholders()) {
    const std::string quote = one.name == "event" ? "" : "\"";
    if (text.size() > 1) text += ",";
    text +=
        "\"" + std::string(one.name) + "\":" + quote + "{{" + std::string(one.name) + "}}" + quote;
  }
  for (const auto& sample : sample::all())
    EXPECT_EQ(filled(text + "}", sample->record).size(), placeholders().size());
}

TEST(WebhookTemplate, EveryPlaceholderIsDocumented) {
  std::ifstream file(ASPIS_SOURCE_DIR "/docs/outputs.md");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  for (const Placeholder& one : placeholders())
    EXPECT_THAT(text, HasSubstr("| `" + std::string(one.name) + "` | " + std::string(one.meaning)));
}

TEST(WebhookTemplate, SaysWhatIsWrongAndWhere) {
  EXPECT_THAT(wrong("{\n \"text\": \"{{txt}}\"}"),
              StartsWith("t.json:2:11: there is no placeholder 'txt'; there are text slack"));
  EXPECT_EQ(wrong("{\"a\": \"{{text\"}"),
            "t.json:1:8: '{{' begins a placeholder, and no '}}' ends it");
  EXPECT_THAT(wrong("{\"a\": {{text}}x}"), StartsWith("t.json: it is no JSON once"));
  EXPECT_EQ(wrong("{\"a\": {\"b\": {\"c\": 1}}}"), "nothing") << "}} alone is JSON's";
  EXPECT_EQ(WebhookTemplate::read_file("/nonexistent").error().text(),
            "/nonexistent: No such file or directory");
}

}  // namespace
}  // namespace aspis
