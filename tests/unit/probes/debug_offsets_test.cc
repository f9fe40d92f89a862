// SPDX-License-Identifier: Apache-2.0
#include "probes/cpython/debug_offsets.h"

#include <gtest/gtest.h>

#include <random>

#include "probes/cpython/frames.h"
#include "probes/cpython/layouts.h"
#include "tests/unit/probes/pythons.h"

namespace aspis::cpython {
namespace {

using Words = std::vector<std::uint64_t>;
constexpr std::uint64_t kCookie = 0x7970677562656478;

/// The words of _PyRuntime in Debian's /usr/bin/python3.14 and python3.15 (x86-64), up to the last
/// one that is used.
const Words k314 = {
    kCookie, 0x30e0af0, 0,    316616, 784,  808,  225864, 7280, 7272, 7344, 7360, 7408, 7688, 7672,
    7680,    16,        7784, 0,      7800, 7792, 7992,   0,    832,  0,    8,    16,   72,   152,
    160,     232,       32,   88,     8,    0,    56,     80,   74,   64,   0,    216,  112,  120,
    128,     136,       68,   52,     96,   104,  208,    0,    16,   8,    416,  24,   88,   168,
    40,      32,        16,   40,     24,   16,   200,    24,   40,   32,   48,   32,   40,   24,
    16,      32,        16,   24,     40,   16,   32,     64,   32,   16,   40};
const Words k315 = {
    kCookie, 0x30f02f0, 0,    346568, 912,  936,  226240, 7272, 7264, 7336, 7352, 7400, 7592, 7576,
    7584,    16,        7736, 0,      7752, 7744, 7944,   0,    888,  0,    8,    16,   72,   80,
    88,      96,        176,  184,    256,  32,   36,     40,   136,  288,  0,    88,   8,    0,
    56,      80,        74,   64,     0,    216,  112,    120,  128,  136,  68,   52,   96,   104,
    208,     0,         16,   8,      424,  24,   88,     168,  32,   288,  944,  888,  40,   32,
    16,      40,        24,   16,     200,  24,   40,     32,   48,   32,   40,   24,   16,   32,
    16,      24,        40,   16,     32,   64,   32,     16,   40};

std::optional<DebugOffsets> parse(const Words& words) {
  std::string reason;
  auto result = parse_debug_offsets(
      [&](std::size_t index) {
        return index < words.size() ? std::optional(words[index]) : std::nullopt;
      },
      reason);
  EXPECT_EQ(reason.empty(), result.has_value());
  return result;
}

TEST(DebugOffsets, OfDebians314And315) {
  for (const Words& words : {k314, k315}) {
    const auto offsets = parse(words);
    ASSERT_TRUE(offsets);
    SCOPED_TRACE(offsets->minor);
    EXPECT_EQ(offsets->minor, words == k314 ? 14 : 15);
    EXPECT_FALSE(offsets->free_threaded);
    EXPECT_EQ(offsets->thread_current_frame, 72);
    EXPECT_EQ(offsets->thread_id, words == k314 ? 152 : 176);
    EXPECT_EQ(offsets->frame_executable, 0);
    EXPECT_EQ(offsets->frame_previous, 8);
    EXPECT_EQ(offsets->frame_instr_ptr, 56);
    EXPECT_EQ(offsets->frame_owner, 74);
    EXPECT_EQ(offsets->frame_tlbc_index, 0);
    EXPECT_EQ(offsets->code_filename, 112);
    EXPECT_EQ(offsets->code_qualname, 128);
    EXPECT_EQ(offsets->code_linetable, 136);
    EXPECT_EQ(offsets->code_firstlineno, 68);
    EXPECT_EQ(offsets->code_adaptive, 208);
    EXPECT_EQ(offsets->object_type, 8);
    EXPECT_EQ(offsets->type_name, 24);
    EXPECT_EQ(offsets->type_flags, 168);
    EXPECT_EQ(offsets->tuple_items, 32);
    EXPECT_EQ(offsets->tuple_size, 16);
    EXPECT_EQ(offsets->list_items, 24);
    EXPECT_EQ(offsets->float_value, 16);
    EXPECT_EQ(offsets->long_tag, 16);
    EXPECT_EQ(offsets->long_digits, 24);
    EXPECT_EQ(offsets->bytes_size, 16);
    EXPECT_EQ(offsets->bytes_data, 32);
    EXPECT_EQ(offsets->str_state, 32);
    EXPECT_EQ(offsets->str_length, 16);
    EXPECT_EQ(offsets->str_ascii_size, 40);
  }
}

TEST(DebugOffsets, AreNotTakenFromWhatIsNone) {
  Words words = k314;
  words[0] ^= 1;
  EXPECT_FALSE(parse(words));
  words = k314;
  words[1] = 0x3100000;  // 3.16
  EXPECT_FALSE(parse(words));
  words = k314;
  words[27] = 1ULL << 40;  // thread_id
  EXPECT_FALSE(parse(words));
  words = k314;
  words.resize(60);
  EXPECT_FALSE(parse(words));
  EXPECT_FALSE(parse({}));
}

TEST(DebugOffsets, SurviveAnyWords) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 2000; ++round) {
    Words words(random() % 100);
    for (auto& word : words) word = random() % 8 == 0 ? random() : random() % 5000;
    if (words.size() > 2) words[0] = kCookie, words[1] = (0x30dULL + random() % 4) << 16;
    (void)parse(words);
  }
}

// What 3.13 says of itself is what its debug information says, from which the table's row is.
TEST(DebugOffsets, Of313AreTheTablesRow) {
  int compared = 0;
  for (const std::string& python : testing::all_pythons()) {
    const auto version = testing::version_of(python);
    if (version.minor != 13) continue;
    const auto found = inspect(python);
    ASSERT_TRUE(found && *found);
    Interpreter interpreter = **found;
    if (!interpreter.library.empty()) {
      const auto library = find_library(interpreter);
      ASSERT_TRUE(library) << python;
      interpreter = *inspect(*library).value();
    }
    const auto row = frames_of(interpreter, *layout_for(3, 13));
    ASSERT_TRUE(row) << row.error().text();
    const aspis_python_frames& table = *frames_for(3, 13);
    EXPECT_EQ(row->thread_id, table.thread_id);
    EXPECT_EQ(row->thread_frame, table.thread_frame);
    EXPECT_EQ(row->form, table.form);
    EXPECT_EQ(row->lasti_form, table.lasti_form);
    EXPECT_EQ(row->frame_size, table.frame_size);
    EXPECT_EQ(row->frame_code, table.frame_code);
    EXPECT_EQ(row->frame_back, table.frame_back);
    EXPECT_EQ(row->frame_lasti, table.frame_lasti);
    EXPECT_EQ(row->frame_owner, table.frame_owner);
    EXPECT_EQ(row->owner_skip, table.owner_skip);
    EXPECT_EQ(row->code_head, table.code_head);
    EXPECT_EQ(row->code_mask, table.code_mask);
    EXPECT_EQ(row->code_filename, table.code_filename);
    EXPECT_EQ(row->code_name, table.code_name);
    EXPECT_EQ(row->code_first_line, table.code_first_line);
    EXPECT_EQ(row->code_lines, table.code_lines);
    EXPECT_EQ(row->code_instructions, table.code_instructions);
    ++compared;
  }
  if (compared == 0) GTEST_SKIP() << "no CPython 3.13 here";
}

}  // namespace
}  // namespace aspis::cpython
