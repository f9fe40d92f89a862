// SPDX-License-Identifier: Apache-2.0
// What `aspis agent --check` says of outputs, and where.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "agent/cli/config_checks.h"

namespace aspis {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string wrong(const std::string& text) {
  AgentConfig config;
  const auto read = read_config_text(text, "test", config, config_checks());
  return read ? "nothing" : read.error().text();
}

class Checks : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/aspis-checks-XXXXXX";
    directory_ = ::mkdtemp(name);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  std::string file(const std::string& name, const std::string& text) {
    std::ofstream(directory_ + "/" + name) << text;
    return directory_ + "/" + name;
  }
  std::string directory_;
};

TEST_F(Checks, NothingIsWrongWithWhatIsRight) {
  EXPECT_EQ(wrong("redact: ['--password[=\\s](.+)', x]\nmetrics: 127.0.0.1:9464\noutputs:\n"
                  "  - {type: file, path: " +
                  directory_ +
                  "/x, format: ecs, events: [net.*, python.open]}\n"
                  "  - {type: log, path: " +
                  directory_ +
                  "/y}\n"
                  "  - {type: syslog}\n"
                  "  - {type: syslog, to: 'tcp:[::1]:601'}\n"
                  "  - {type: journal}\n  - {type: audit}\n  - {type: stdout, format: compact}\n"
                  "  - {type: webhook, to: 'https://example.com/x', headers: ['A: b'], template: " +
                  file("t", R"({"a": "{{text}}"})") + "}\n"),
            "nothing");
}

TEST_F(Checks, SaysWhatIsWrongAndWhere) {
  EXPECT_EQ(wrong("outputs:\n  - {type: file, path: /etc/passwd/a/x}"),
            "test:2:24: /etc/passwd is no directory");
  EXPECT_EQ(wrong("outputs:\n  - {type: log, path: /tmp}"), "test:2:23: /tmp is a directory");
  EXPECT_THAT(wrong("outputs:\n  - type: syslog\n    to: localhost"),
              StartsWith("test:3:9: 'localhost': neither the path of a socket, nor udp:"));
  EXPECT_THAT(wrong("outputs: [{type: journal, to: x}]"),
              StartsWith("test:1:31: 'x': not the path of a socket"));
  EXPECT_EQ(wrong("outputs: [{type: stdout, to: x}]"),
            "test:1:30: an output of type stdout goes to no address");
  EXPECT_EQ(wrong("outputs: [{type: webhook}]"), "test:1:11: a webhook has an URL, `to`");
  EXPECT_THAT(wrong("outputs: [{type: webhook, to: 'http://example.com/'}]"),
              HasSubstr("test:1:31: 'http://example.com/': http is for this machine only"));
  EXPECT_EQ(wrong("outputs:\n  - type: stdout\n    events: [net.*, nte.*]"),
            "test:3:21: nte.*: no event has such a name (docs/events.md lists them)");
  const std::string to = "outputs:\n  - type: webhook\n    to: https://h/\n    ";
  EXPECT_EQ(wrong(to + "template: /nonexistent"),
            "test:4:15: /nonexistent: No such file or directory");
  EXPECT_THAT(wrong(to + "template: " + file("t", "{\n\"a\": {{b}}}")),
              HasSubstr("test:4:15: " + directory_ + "/t:2:6: there is no placeholder 'b'"));
  EXPECT_EQ(wrong(to + "headers: ['A: b', c]"), "test:4:23: 'c': not a header, as 'Name: value'");
  EXPECT_THAT(wrong(to + "ca: /nonexistent"),
              HasSubstr("test:4:9: /nonexistent: there are no cert"));
  const std::string log = "outputs:\n  - type: log\n    path: " + directory_ + "/x\n    seal_key: ";
  EXPECT_THAT(wrong(log + "/nonexistent"), HasSubstr("test:4:15: /nonexistent: no key for seals"));
  EXPECT_THAT(wrong(log + file("k", "x")), HasSubstr("/k: not a key for seals"));
  EXPECT_EQ(wrong("redact:\n  - x\n  - a(b"),
            "test:3:5: 'a(b': at offset 3: missing closing parenthesis");
  EXPECT_THAT(wrong("metrics: localhost:1"),
              StartsWith("test:1:10: 'localhost:1': neither a path"));
  EXPECT_EQ(wrong("outputs:\n  - {type: file, path: /etc/passwd/a/x}\n  - {type: stdout, to: x}"),
            "test:2:24: /etc/passwd is no directory\n"
            "test:3:24: an output of type stdout goes to no address")
      << "all of it at once";
}

}  // namespace
}  // namespace aspis
