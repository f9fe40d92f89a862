// SPDX-License-Identifier: Apache-2.0
#include "agent/event/code_objects.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "agent/event/decode.h"
#include "agent/output/sample.h"

namespace aspis {
namespace {

std::vector<std::byte> record(aspis_code head, const std::string& tail) {
  head.kind = ASPIS_KIND_CODE;
  head.size = static_cast<std::uint32_t>(sizeof(head) + tail.size());
  std::vector<std::byte> bytes(head.size);
  std::memcpy(bytes.data(), &head, sizeof(head));
  std::memcpy(bytes.data() + sizeof(head), tail.data(), tail.size());
  return bytes;
}

aspis_code head_of(std::uint16_t file, std::uint16_t name, std::uint16_t lines) {
  aspis_code head{};
  head.id = 7;
  head.major = 3;
  head.minor = 10;
  head.first_line = 5;
  head.file_len = file;
  head.name_len = name;
  head.lines_len = lines;
  head.file_unit = head.name_unit = 1;
  return head;
}

TEST(CodeObjects, AreRead) {
  std::uint64_t id = 0;
  const auto object = decode_code(record(head_of(5, 2, 4), "/a.py\xe9t\x06\x01\x08\x02"), id);
  ASSERT_TRUE(object) << object.error().text();
  EXPECT_EQ(id, 7U);
  EXPECT_EQ(object->file, "/a.py");
  EXPECT_EQ(object->function, "\u00e9t");
  EXPECT_EQ(object->line(0), 6);
  EXPECT_EQ(object->line(6), 8);
  EXPECT_EQ(object->line(-2), 5);
  EXPECT_EQ(object->line(60), std::nullopt);
}

TEST(CodeObjects, WithLengthsThatDoNotFitAreRefused) {
  std::uint64_t id = 0;
  EXPECT_FALSE(decode_code(record(head_of(5, 2, 5), "/a.pyft\x06\x01\x08\x02"), id));
  EXPECT_FALSE(decode_code(record(head_of(65535, 65535, 65535), "/a.py"), id));
  aspis_code odd = head_of(5, 0, 0);
  odd.file_unit = 2;
  EXPECT_FALSE(decode_code(record(odd, "/a.py"), id));
  odd.file_unit = 3;
  EXPECT_FALSE(decode_code(record(odd, "/a.py"), id));
  auto bytes = record(head_of(5, 0, 0), "/a.py");
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(decode_code(std::span(bytes).first(size), id));
}

TEST(CodeObjects, SurviveAnyBytes) {
  std::mt19937 random(5);
  std::uint64_t id = 0;
  for (int round = 0; round < 5000; ++round) {
    aspis_code head{};
    auto* raw = reinterpret_cast<unsigned char*>(&head);
    for (std::size_t i = 0; i < sizeof(head); ++i)
      raw[i] = static_cast<unsigned char>(random() % 5);
    const auto object = decode_code(record(head, std::string(random() % 64, '\x81')), id);
    if (object) (void)object->line(static_cast<int>(random() % 100));
  }
}

TEST(CodeObjects, AreKeptByIdAndForgottenByAge) {
  CodeObjects objects(2);
  for (std::uint64_t id = 1; id <= 3; ++id) {
    CodeObject object;
    object.file = std::to_string(id);
    objects.insert(id, std::move(object));
  }
  EXPECT_EQ(objects.find(1), nullptr);
  EXPECT_EQ(objects.find(3)->file, "3");
}

// Frames stand behind the payload's tail, which must not run into them.
TEST(Frames, AreTheEndOfARecord) {
  aspis_frame frames[2] = {{7, 12, 0}, {8, -2, 0}};
  const std::string_view bytes(reinterpret_cast<const char*>(frames), sizeof(frames));
  aspis_file_event raw{};
  raw.e = sample::head(ASPIS_FILE_OPEN);
  raw.e.frames = 2;
  raw.path.len = 4;
  sample::Wire wire(raw);
  wire.tail("/etc").tail(bytes);
  const auto event = decode(wire.bytes());
  ASSERT_TRUE(event) << event.error().text();
  EXPECT_EQ(event->frames, bytes);
  EXPECT_EQ(event->as<FilePayload>()->path.text, "/etc");
  raw.path.len = 5;
  sample::Wire longer(raw);
  longer.tail("/etc").tail(bytes);
  EXPECT_FALSE(decode(longer.bytes())) << "a path that reaches into the frames";
  raw.path.len = 0;
  raw.e.frames = 255;
  sample::Wire none(raw);
  EXPECT_FALSE(decode(none.bytes()));
}

}  // namespace
}  // namespace aspis
