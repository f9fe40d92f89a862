// SPDX-License-Identifier: Apache-2.0
#include "agent/config/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace aspis {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

AgentConfig read(const std::string& text) {
  AgentConfig config;
  const auto read = read_config_text(text, "test", config);
  EXPECT_TRUE(read) << read.error().text();
  return config;
}

std::string wrong(const std::string& text) {
  AgentConfig config;
  const auto read = read_config_text(text, "test", config);
  return read ? "nothing" : read.error().text();
}

TEST(Config, ReadsWhatIsSaid) {
  const AgentConfig config = read(R"(
profiles: [/a, /b]
include: /one
observe: all
hold: yes
buffer_size: 64
socket:
  path: ""
  group: aspis
outputs:
  - {type: file, path: /log, format: avc, events: [net.*, file.open]}
  - type: stdout
    denials_only: true
)");
  EXPECT_THAT(config.profiles, ElementsAre("/a", "/b"));
  EXPECT_THAT(config.include, ElementsAre("/one"));
  EXPECT_EQ(config.observe, "all");
  EXPECT_TRUE(config.hold);
  EXPECT_EQ(config.buffer_size, 64U);
  EXPECT_EQ(config.socket_path, "");
  EXPECT_EQ(config.socket_group, "aspis");
  EXPECT_EQ(config.stacks, "denied") << "what is not said stays";
  ASSERT_EQ(config.outputs.size(), 2U);
  EXPECT_EQ(config.outputs[0].format, "avc");
  EXPECT_THAT(config.outputs[0].events, ElementsAre("net.*", "file.open"));
  EXPECT_EQ(config.outputs[1].format, "json");
  EXPECT_TRUE(config.outputs[1].denials_only);
}

TEST(Config, SaysWhatIsWrongAndWhere) {
  EXPECT_EQ(wrong("observ: all"), "test:1:1: unknown key 'observ'; did you mean 'observe'?");
  EXPECT_EQ(wrong("xyzzy: 1"), "test:1:1: unknown key 'xyzzy'");
  EXPECT_EQ(wrong("socket:\n  pth: x"),
            "test:2:3: unknown key 'socket.pth'; did you mean 'socket.path'?");
  EXPECT_EQ(wrong("observe: some"), "test:1:10: observe: 'some' is none of confined python all");
  EXPECT_EQ(wrong("hold: perhaps"), "test:1:7: hold: true or false is expected");
  EXPECT_EQ(wrong("hold: [yes]"), "test:1:7: hold: true or false is expected");
  for (const char* value : {"0", "-1", "1025", "x", "1e2", "[1]", "99999999999999999999"})
    EXPECT_EQ(wrong(std::string("buffer_size: ") + value),
              "test:1:14: buffer_size: a number from 1 to 1024 is expected");
  EXPECT_EQ(wrong("buffer_size: 48"), "test:1:14: buffer_size: not a power of two");
  EXPECT_EQ(wrong("profiles: {a: b}"), "test:1:11: profiles: a list of words is expected");
  EXPECT_EQ(wrong("profiles: [[a]]"), "test:1:12: profiles: a list of words is expected");
  EXPECT_EQ(wrong("hold: yes\nhold: no"), "test:2:1: 'hold' is there twice");
  EXPECT_EQ(wrong("outputs: {}"), "test:1:10: outputs: a list of outputs is expected");
  EXPECT_THAT(wrong("outputs: [{type: file}]"), HasSubstr("has a `path`"));
  EXPECT_THAT(wrong("outputs: [{pth: x, type: stdout}]"), HasSubstr("did you mean 'path'?"));
  EXPECT_THAT(wrong("- a"), HasSubstr("a map of keys and values is expected"));
  EXPECT_THAT(wrong("just words"), HasSubstr("a map of keys and values is expected"));
  EXPECT_THAT(wrong("a: [b"), HasSubstr("test:1:"));
  EXPECT_THAT(wrong("a: *nobody"), HasSubstr("test:1:"));
  EXPECT_EQ(wrong("hold: x\nobserv: y"),
            "test:1:7: hold: true or false is expected\n"
            "test:2:1: unknown key 'observ'; did you mean 'observe'?")
      << "all of it at once";
  EXPECT_EQ(wrong(""), "nothing");
  EXPECT_EQ(wrong("# nothing\n"), "nothing");
}

TEST(Config, DropInsTakeThePlaceOfWhatWasSaid) {
  char name[] = "/tmp/aspis-config-XXXXXX";
  ASSERT_NE(::mkdtemp(name), nullptr);
  const std::filesystem::path directory = name;
  const auto write = [&](const char* file, const char* text) {
    std::filesystem::create_directories((directory / file).parent_path());
    std::ofstream(directory / file) << text;
  };
  write("aspis.yaml", "profiles: [/a, /b]\nhold: true\nsocket: {group: one, path: /s}");
  write("aspis.d/20-second.yaml", "profiles: [/c]\nsocket: {group: three}");
  write("aspis.d/10-first.yaml", "socket: {group: two}");
  write("aspis.d/30-other.yml.bak", "broken");
  write("empty/aspis.yaml", "");
  const auto config = read_config(directory / "aspis.yaml");
  ASSERT_TRUE(config) << config.error().text();
  EXPECT_THAT(config->profiles, ElementsAre("/c"));
  EXPECT_TRUE(config->hold);
  EXPECT_EQ(config->socket_group, "three");
  EXPECT_EQ(config->socket_path, "/s");
  EXPECT_TRUE(read_config(directory / "empty/aspis.yaml"));
  EXPECT_THAT(read_config(directory / "none.yaml").error().text(),
              HasSubstr("none.yaml: No such file or directory"));
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace aspis
