// SPDX-License-Identifier: Apache-2.0
#include "agent/event/value.h"

#include <gtest/gtest.h>

#include "agent/event/decode.h"
#include "agent/event/record.h"
#include "agent/output/sample.h"

namespace aspis {
namespace {

/// One value, through the decoder.
struct Decoded {
  explicit Decoded(const std::string& encoded) : wire(sample::python_event("e", {encoded})) {
    Result<Event> event = decode(wire.bytes());
    if (event) value = event->as<PythonPayload>()->values.at(0);
  }
  sample::Wire wire;
  Value value;
};

TEST(Value, Integers) {
  EXPECT_EQ(value_int(Decoded(sample::integer(-5)).value), -5);
  EXPECT_EQ(value_int(Decoded(sample::integer(INT64_MAX)).value), INT64_MAX);
  EXPECT_EQ(value_int(Decoded(sample::integer(INT64_MIN)).value), INT64_MIN);
  EXPECT_EQ(value_int(Decoded(sample::boolean(true)).value), 1);
  EXPECT_EQ(value_int(Decoded(sample::integer(5, ASPIS_VALUE_CUT)).value), std::nullopt);
  EXPECT_EQ(value_int(Decoded(sample::str("5")).value), std::nullopt);
  Decoded huge(sample::integer(-1));  // magnitude 1, then made 2^64-1
  std::string ones(8, '\xff');
  huge.value.bytes = ones;
  EXPECT_EQ(value_int(huge.value), std::nullopt);
  EXPECT_EQ(value_magnitude(huge.value), UINT64_MAX);
}

TEST(Value, Fsencode) {
  EXPECT_EQ(value_fsencode(Decoded(sample::bytes("/a\xff")).value), "/a\xff");
  EXPECT_EQ(value_fsencode(Decoded(sample::str("/\xe9")).value), "/\xc3\xa9");
  // U+0061, U+DCFF (the byte ff), U+20AC
  EXPECT_EQ(value_fsencode(Decoded(sample::str(std::string("a\0\xff\xdc\xac\x20", 6), 2)).value),
            "a\xff\xe2\x82\xac");
  // U+1F600, and a lone surrogate that is no byte: U+FFFD
  EXPECT_EQ(value_fsencode(Decoded(sample::str(std::string("\0\xf6\1\0\0\xd8\0\0", 8), 4)).value),
            "\xf0\x9f\x98\x80\xef\xbf\xbd");
  EXPECT_EQ(value_fsencode(Decoded(sample::integer(1)).value), std::nullopt);
}

TEST(Record, NamesOfProcesses) {
  Process process;
  EXPECT_EQ(process.name(), "?");
  process.exe = "/usr/bin/cat";
  EXPECT_EQ(process.name(), "cat");
  process.exe = "memfd:x";
  EXPECT_EQ(process.name(), "memfd:x");
  process.exe = "/odd/";
  EXPECT_EQ(process.name(), "?");
}

TEST(Record, NamesOfCorrelations) {
  EXPECT_EQ(correlation_name(Correlation::kNone), "");
  EXPECT_EQ(correlation_name(Correlation::kMatched), "matched");
  EXPECT_EQ(correlation_name(Correlation::kUnaudited), "unaudited");
  EXPECT_EQ(correlation_name(Correlation::kUnperformed), "unperformed");
  EXPECT_EQ(correlation_name(Correlation::kMismatch), "mismatch");
}

}  // namespace
}  // namespace aspis
