// SPDX-License-Identifier: Apache-2.0
// Lines as CPython itself finds them: every interpreter of the machine is asked.
#include "probes/cpython/line_table.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <random>
#include <sstream>

#include "tests/unit/probes/pythons.h"

namespace aspis::cpython {
namespace {

std::string from_hex(const std::string& text) {
  std::string bytes;
  for (std::size_t at = 0; at + 1 < text.size(); at += 2)
    bytes += static_cast<char>(std::stoi(text.substr(at, 2), nullptr, 16));
  return bytes;
}

/// One line of line_tables.py. Returns the places that were compared.
int compare(int minor, const std::string& line) {
  std::istringstream words(line);
  int first_line = 0, size = 0, compared = 0;
  std::string hex, ranges;
  words >> first_line >> hex >> size >> ranges;
  const std::string bytes = hex == "-" ? "" : from_hex(hex);
  const LineTable table{minor, first_line, bytes, false};
  std::istringstream parts(ranges);
  for (std::string part; std::getline(parts, part, ',');) {
    int start = 0, end = 0, number = 0;
    const int fields = std::sscanf(part.c_str(), "%d:%d:%d", &start, &end, &number);
    EXPECT_GE(fields, 2) << part;
    const std::optional<int> expected = fields == 3 ? std::optional<int>(number) : std::nullopt;
    for (int at = start; at < end; at += 2) {
      EXPECT_EQ(line_of(table, at), expected) << "byte " << at << " of " << line.substr(0, 200);
      ++compared;
    }
  }
  return compared;
}

TEST(LineTable, AgreesWithEveryInterpreter) {
  int asked = 0;
  for (const std::string& python : testing::all_pythons()) {
    const auto [major, minor] = testing::version_of(python);
    if (major != 3 || minor < 8) continue;
    SCOPED_TRACE(python);
    const testing::Output output =
        testing::run("'" + python + "' -I '" ASPIS_SOURCE_DIR "/tests/unit/probes/line_tables.py'");
    ASSERT_EQ(output.status, 0) << output.text;
    std::istringstream lines(output.text);
    int compared = 0;
    for (std::string line; std::getline(lines, line);) compared += compare(minor, line);
    EXPECT_GT(compared, 5000);
    ++asked;
  }
  if (asked == 0) GTEST_SKIP() << "no CPython 3.8 or later here";
}

TEST(LineTable, BeforeTheFirstInstructionIsTheFirstLine) {
  for (const int minor : {8, 10, 11, 14}) EXPECT_EQ(line_of({minor, 7, "", false}, -2), 7);
}

TEST(LineTable, WhatIsCutOffIsNotKnown) {
  const std::string_view old("\x06\x01\x08\x02", 4);
  EXPECT_EQ(line_of({9, 10, old, false}, 200), 13);
  EXPECT_EQ(line_of({9, 10, old, true}, 200), std::nullopt);
  EXPECT_EQ(line_of({9, 10, old, true}, 7), 11);
  EXPECT_EQ(line_of({10, 10, old, true}, 200), std::nullopt);
  const std::string_view now("\x80\x00\xd8\x04", 4);  // the second one lacks a byte
  EXPECT_EQ(line_of({12, 10, now, true}, 0), 10);
  EXPECT_EQ(line_of({12, 10, now, true}, 2), std::nullopt);
}

// Any bytes: nothing is read that is not there, and nothing overflows (sanitizers look).
TEST(LineTable, SurvivesAnyBytes) {
  std::mt19937 random(3);
  for (int round = 0; round < 20000; ++round) {
    std::string bytes(random() % 40, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    const int minor = 8 + static_cast<int>(random() % 7);
    (void)line_of({minor, static_cast<int>(random()), bytes, random() % 2 == 0},
                  static_cast<int>(random() % 4096) - 2);
  }
}

}  // namespace
}  // namespace aspis::cpython
