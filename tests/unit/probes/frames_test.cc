// SPDX-License-Identifier: Apache-2.0
// Each interpreter of the machine walks the frames of a thread that sleeps without the GIL, with
// its row of the table, and compares with what Python itself says.
#include "probes/cpython/frames.h"

#include <gtest/gtest.h>

#include "tests/unit/probes/pythons.h"

namespace aspis::cpython {
namespace {

testing::Output walk_with(const std::string& python, const aspis_python_frames& row) {
  std::string text;
#define FIELD(name) text += " " #name "=" + std::to_string(row.name)
  FIELD(thread_id);
  FIELD(thread_frame);
  FIELD(cframe_frame);
  FIELD(form);
  FIELD(lasti_form);
  FIELD(frame_code);
  FIELD(frame_back);
  FIELD(frame_lasti);
  FIELD(frame_owner);
  FIELD(owner_skip);
  FIELD(code_tag);
  FIELD(code_filename);
  FIELD(code_name);
  FIELD(code_first_line);
  FIELD(code_lines);
  FIELD(code_instructions);
#undef FIELD
  return testing::run("'" + python +
                      "' -I '" ASPIS_SOURCE_DIR "/tests/unit/probes/walk_frames.py'" + text);
}

TEST(Frames, AreWalkedInLiveInterpreters) {
  int walked = 0;
  for (const std::string& python : testing::all_pythons()) {
    const auto [major, minor] = testing::version_of(python);
    const aspis_python_frames* row = frames_for(major, minor);
    if (row == nullptr) continue;
    const testing::Output output = walk_with(python, *row);
    EXPECT_EQ(output.status, 0) << python << "\n" << output.text;
    ++walked;
  }
  if (walked == 0) GTEST_SKIP() << "no CPython 3.8 to 3.13 here";
}

// The check above must be able to fail.
TEST(Frames, OfAnotherVersionAreFoundWrong) {
  int walked = 0;
  for (const std::string& python : testing::all_pythons()) {
    const auto [major, minor] = testing::version_of(python);
    if (frames_for(major, minor) == nullptr) continue;
    EXPECT_NE(walk_with(python, *frames_for(3, minor < 11 ? 12 : 8)).status, 0) << python;
    ++walked;
  }
  if (walked == 0) GTEST_SKIP() << "no CPython 3.8 to 3.13 here";
}

// The tables are what their generator makes of the debug information of the builds that are here.
TEST(Frames, AndLayoutsAreThoseOfTheDebugInformation) {
  if (testing::run("gdb --version").status != 0) GTEST_SKIP() << "gdb is not installed";
  int compared = 0;
  for (const std::string& python : testing::pyenv_pythons()) {
    const auto [major, minor] = testing::version_of(python);
    const auto library = std::filesystem::path(python).parent_path().parent_path() /
                         ("lib/libpython3." + std::to_string(minor) + ".so.1.0");
    if (frames_for(major, minor) == nullptr || !std::filesystem::exists(library)) continue;
    const testing::Output output =
        testing::run("python3 '" ASPIS_SOURCE_DIR "/probes/cpython/read_offsets.py' --check " +
                     library.string());
    EXPECT_EQ(output.status, 0) << output.text;
    ++compared;
  }
  if (compared == 0) GTEST_SKIP() << "no CPython with debug information here";
}

// What the walker reads lies in the bytes that it has read.
TEST(Frames, RowsKeepWithinWhatIsRead) {
  for (const aspis_python_frames& row : frames()) {
    SCOPED_TRACE(row.objects.minor);
    EXPECT_LT(row.frame_size, ASPIS_FRAME_HEAD);
    for (const int at : {row.frame_code, row.frame_back, row.frame_lasti}) {
      EXPECT_EQ(at % 8, 0);
      EXPECT_LE(at + 8, row.frame_size);
    }
    EXPECT_LT(row.frame_owner, row.frame_size);
    for (const int at : {row.code_filename, row.code_name, row.code_lines}) {
      EXPECT_EQ(at % 8, 0);
      EXPECT_GE(at, row.code_head);
      EXPECT_LE(at + 8, row.code_head + ASPIS_CODE_HEAD);
      EXPECT_TRUE(row.code_mask >> (at - row.code_head) / 8 & 1) << "not in the fingerprint";
    }
  }
}

}  // namespace
}  // namespace aspis::cpython
