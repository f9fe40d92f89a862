// SPDX-License-Identifier: Apache-2.0
#include "agent/output/compact_text.h"

#include <gtest/gtest.h>

#include "agent/event/decode.h"
#include "agent/output/sample.h"

namespace aspis {
namespace {

std::string plain(std::string_view bytes) {
  std::string out;
  append_plain(out, bytes);
  return out;
}

std::string word(std::string_view bytes) {
  std::string out;
  append_word(out, bytes);
  return out;
}

std::string value(const std::string& encoded, std::size_t limit = 80) {
  sample::Wire wire = sample::python_event("e", {encoded});
  const Result<Event> event = decode(wire.bytes());
  std::string out;
  if (event) append_value(out, event->as<PythonPayload>()->values.at(0), limit);
  return out;
}

TEST(CompactText, NothingActsOnTheTerminal) {
  EXPECT_EQ(plain("/etc/passwd"), "/etc/passwd");
  EXPECT_EQ(plain("\x1b[2J\n\r\t\x07\x7f"), "\\x1b[2J\\n\\r\\t\\x07\\x7f");
  EXPECT_EQ(plain("\xc2\x9b"
                  "31m"),
            "\\u{9b}31m");
  EXPECT_EQ(plain("\x9b"
                  "31m"),
            "\\x9b31m");  // a bare C1 byte is not UTF-8
  EXPECT_EQ(plain("\xe2\x80\xae"
                  "gpj"),
            "\\u{202e}gpj");
  EXPECT_EQ(plain("\xe2\x81\xa6"), "\\u{2066}");
  EXPECT_EQ(plain("\\n"), "\\\\n");
  EXPECT_EQ(plain("caf\xc3\xa9"), "caf\xc3\xa9");
}

TEST(CompactText, NothingPassesForAnotherPartOfTheLine) {
  EXPECT_EQ(plain("/tmp/x  by root[1]"), "/tmp/x \\x20by root[1]");
  EXPECT_EQ(plain(" a b "), "\\x20a b\\x20");
  EXPECT_EQ(plain("x \xe2\x86\x90 open"), "x \\u{2190} open");
}

TEST(CompactText, Words) {
  EXPECT_EQ(word("a-b"), "a-b");
  EXPECT_EQ(word(""), "''");
  EXPECT_EQ(word("a b"), "'a b'");
  EXPECT_EQ(word("it's a\n"), "'it\\'s a\\n'");
}

TEST(CompactText, Values) {
  EXPECT_EQ(value(sample::none()), "None");
  EXPECT_EQ(value(sample::boolean(true)), "True");
  EXPECT_EQ(value(sample::integer(-7)), "-7");
  EXPECT_EQ(value(sample::integer(-7, ASPIS_VALUE_CUT)), "-…");
  EXPECT_EQ(value(sample::floating(0.5)), "0.5");
  EXPECT_EQ(value(sample::str("a'b\x1b")), "'a\\'b\\x1b'");
  EXPECT_EQ(value(sample::str("x", 1, ASPIS_VALUE_CUT)), "'x…'");
  EXPECT_EQ(value(sample::bytes("a\xff'")), "b'a\\xff\\''");
  EXPECT_EQ(value(sample::list({sample::str("a"), sample::integer(1)})), "['a', 1]");
  EXPECT_EQ(value(sample::tuple({sample::none()})), "(None,)");
  EXPECT_EQ(value(sample::list({sample::none()}, ASPIS_VALUE_CUT)), "[None…]");
  EXPECT_EQ(value(sample::other("dict\n")), "<dict\\n>");
  EXPECT_EQ(value(sample::unreadable()), "<unreadable>");
  // A str of 16-bit units with a right-to-left override and a lone surrogate.
  EXPECT_EQ(value(sample::str(std::string("\x2e\x20\x00\xd8", 4), 2)), "'\\u{202e}\\u{d800}'");
}

TEST(CompactText, LongValuesEndInDots) {
  const std::string text = value(sample::str(std::string(500, 'x')), 20);
  EXPECT_TRUE(text.ends_with("…'")) << text;
  EXPECT_LE(columns(text), 24U);
  const std::vector<std::string> many(60, sample::str("item"));
  EXPECT_LE(columns(value(sample::list(many), 30)), 45U);
}

TEST(CompactText, ElideKeepsCodePointsWhole) {
  std::string out = "ab\xc3\xa9\xc3\xa9\xc3\xa9";
  elide(out, 1, 3);
  EXPECT_EQ(out, "ab\xc3\xa9…");
  out = "abc";
  elide(out, 0, 3);
  EXPECT_EQ(out, "abc");
}

}  // namespace
}  // namespace aspis
