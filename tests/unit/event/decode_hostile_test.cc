// SPDX-License-Identifier: Apache-2.0
// Records that lie about their lengths. Built with AddressSanitizer these also show that nothing
// outside is read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "agent/event/decode.h"
#include "agent/output/sample.h"

namespace aspis {
namespace {

using testing::HasSubstr;

/// The record in a heap block of just its size, so that a byte too far is seen.
class Exact {
 public:
  explicit Exact(std::span<const std::byte> bytes)
      : size_(bytes.size()),
        block_(static_cast<std::byte*>(std::aligned_alloc(8, (size_ + 7) & ~7UL))) {
    std::memcpy(block_, bytes.data(), size_);
  }
  ~Exact() { std::free(block_); }
  Exact(const Exact&) = delete;
  Exact& operator=(const Exact&) = delete;
  std::span<std::byte> bytes() { return {block_, size_}; }

 private:
  std::size_t size_;
  std::byte* block_;
};

std::string error_of(sample::Wire wire) {
  const Result<Event> event = decode(wire.bytes());
  return event ? "decoded" : event.error().text();
}

TEST(DecodeHostile, TooShortForAHeader) {
  std::vector<std::uint64_t> none(1);
  EXPECT_FALSE(decode({}).has_value());
  EXPECT_FALSE(decode(std::as_bytes(std::span(none))).has_value());
}

TEST(DecodeHostile, SizeMustBeTheHeaders) {
  sample::Wire wire = sample::file_event(ASPIS_FILE_OPEN, "/etc/passwd");
  const auto bytes = wire.bytes();
  const Result<Event> event = decode(bytes.first(bytes.size() - 1));
  ASSERT_FALSE(event);
  EXPECT_THAT(event.error().text(), HasSubstr("header says " + std::to_string(bytes.size()) +
                                              " bytes, got " + std::to_string(bytes.size() - 1)));
}

TEST(DecodeHostile, MisalignedIsRefused) {
  sample::Wire wire = sample::file_event(ASPIS_FILE_OPEN, "/etc/passwd");
  const auto bytes = wire.bytes();
  std::vector<std::uint64_t> room(bytes.size() / 8 + 2);
  auto moved = std::as_writable_bytes(std::span(room)).subspan(4, bytes.size());
  std::memcpy(moved.data(), bytes.data(), bytes.size());
  const Result<Event> event = decode(moved);
  ASSERT_FALSE(event);
  EXPECT_THAT(event.error().text(), HasSubstr("aligned"));
}

TEST(DecodeHostile, UnknownKinds) {
  aspis_exit_event raw{};
  for (unsigned kind : {0U, static_cast<unsigned>(ASPIS_KIND_COUNT), 65535U}) {
    raw.e.kind = static_cast<std::uint16_t>(kind);
    EXPECT_EQ(error_of(sample::Wire(raw)), "record: unknown kind " + std::to_string(kind));
  }
}

TEST(DecodeHostile, ShortPayload) {
  aspis_event head = sample::head(ASPIS_FILE_OPEN);
  EXPECT_EQ(error_of(sample::Wire(head)),
            "file.open: payload: " + std::to_string(sizeof(aspis_event)) + " bytes, " +
                std::to_string(sizeof(aspis_file_event)) + " needed");
}

TEST(DecodeHostile, TailLengthsThatOverrun) {
  aspis_file_event file{};
  file.e = sample::head(ASPIS_FILE_LINK);
  file.path.len = 4;
  EXPECT_EQ(error_of(sample::Wire(file).tail("/a")), "file.link: path: 4 bytes announced, 2 left");
  file.other.len = 65535;
  EXPECT_EQ(error_of(sample::Wire(file).tail("/a/b")),
            "file.link: other path: 65535 bytes announced, 0 left");
}

TEST(DecodeHostile, NestedTooDeep) {
  using sample::list;
  EXPECT_EQ(error_of(sample::python_event("e", {list({list({sample::none()})})})), "decoded");
  EXPECT_EQ(error_of(sample::python_event("e", {list({list({list({})})})})), "decoded");
  EXPECT_THAT(error_of(sample::python_event("e", {list({list({list({sample::none()})})})})),
              HasSubstr("nested too deep"));
}

TEST(DecodeHostile, ValuesThatDoNotFitTheirType) {
  const std::string bad[] = {
      std::string("\x0a\0\0\0", 4),          // no such type
      std::string("\x01\0\2\0\1\1", 6),      // bool of two bytes
      std::string("\x02\0\4\0\1\1\1\1", 8),  // int of four
      std::string("\x04\3\3\0abc", 7),       // str with units of three bytes
      std::string("\x04\2\3\0abc", 7),       // … that ends inside one
      std::string("\x04\1\xff\xff"
                  "abc",
                  7),                    // longer than the record
      std::string("\x06\0\xff\xff", 4),  // tuple of 65535 items
      std::string("\x00\0", 2),          // half a head
  };
  for (const std::string& value : bad) {
    EXPECT_THAT(error_of(sample::python_event("e", {value})), HasSubstr("argument"));
  }
}

TEST(DecodeHostile, ArgumentsMustFillTheirBytes) {
  aspis_python_event raw{};
  raw.e = sample::head(ASPIS_PYTHON_AUDIT);
  raw.values_len = 5;
  raw.args = raw.args_sent = 1;
  EXPECT_THAT(error_of(sample::Wire(raw).tail(sample::none()).tail("x")),
              HasSubstr("1 bytes left over"));
  raw.values_len = 4;
  raw.args_sent = 2;
  EXPECT_THAT(error_of(sample::Wire(raw).tail(sample::none())), HasSubstr("2 sent of 1"));
}

/// Any record cut anywhere, and with any byte changed, is either decoded or refused.
TEST(DecodeHostile, CutAndChangedRecords) {
  std::mt19937 random(7);
  sample::Wire wires[] = {
      sample::file_event(ASPIS_FILE_RENAME, "/old", "/new"),
      sample::python_event(
          "open", {sample::str("/x"), sample::tuple({sample::integer(1), sample::bytes("b")})}),
  };
  for (sample::Wire& wire : wires) {
    const auto whole = wire.bytes();
    for (std::size_t size = 0; size <= whole.size(); ++size) {
      Exact exact(whole.first(size));
      if (size >= 4) {
        const auto claimed = static_cast<std::uint32_t>(size);
        std::memcpy(exact.bytes().data(), &claimed, 4);
      }
      EXPECT_EQ(decode(exact.bytes()).has_value(), size == whole.size());
    }
    for (int round = 0; round < 20000; ++round) {
      Exact exact(whole);
      exact.bytes()[4 + random() % (whole.size() - 4)] = static_cast<std::byte>(random());
      (void)decode(exact.bytes()).has_value();
    }
  }
}

}  // namespace
}  // namespace aspis
