// SPDX-License-Identifier: Apache-2.0
// The offsets are checked in live interpreters: each one reads its own objects with its layout.
#include "probes/cpython/layouts.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/probes/pythons.h"

namespace aspis::cpython {
namespace {

std::string arguments(const aspis_python_layout& layout) {
  std::string text;
#define FIELD(name) text += " " #name "=" + std::to_string(layout.name)
  FIELD(ob_type);
  FIELD(ob_size);
  FIELD(type_name);
  FIELD(type_flags);
  FIELD(str_length);
  FIELD(str_state);
  FIELD(str_ascii_data);
  FIELD(str_compact_data);
  FIELD(str_data_pointer);
  FIELD(str_compact_mask);
  FIELD(str_ascii_mask);
  FIELD(str_kind_shift);
  FIELD(int_form);
  FIELD(int_size);
  FIELD(int_digits);
  FIELD(int_digit_bits);
  FIELD(int_tag_shift);
  FIELD(int_sign_mask);
  FIELD(int_sign_zero);
  FIELD(int_sign_negative);
  FIELD(bytes_data);
  FIELD(float_value);
  FIELD(tuple_items);
  FIELD(list_items);
#undef FIELD
  return text;
}

testing::Output read_with(const std::string& python, const aspis_python_layout& layout) {
  return testing::run("'" + python +
                      "' -I -S '" ASPIS_SOURCE_DIR "/tests/unit/probes/read_objects.py'" +
                      arguments(layout));
}

TEST(Layouts, HaveOneRowForEachVersion) {
  for (const aspis_python_layout& layout : layouts())
    EXPECT_EQ(layout_for(layout.major, layout.minor, layout.free_threaded != 0), &layout);
  for (int minor = 8; minor <= 15; ++minor) EXPECT_NE(layout_for(3, minor), nullptr) << minor;
  EXPECT_EQ(layout_for(3, 7), nullptr);
  EXPECT_EQ(layout_for(3, 16), nullptr);
  EXPECT_EQ(layout_for(3, 12, true), nullptr);
  EXPECT_EQ(layout_for(2, 11), nullptr);
  ASSERT_NE(layout_for(3, 11), nullptr);
  EXPECT_EQ(layout_for(3, 11)->minor, 11);
}

TEST(Layouts, ReadTheObjectsOfLiveInterpreters) {
  int read = 0;
  for (const std::string& python : testing::all_pythons()) {
    const auto [major, minor] = testing::version_of(python);
    const aspis_python_layout* layout = layout_for(major, minor);
    if (layout == nullptr) continue;
    const testing::Output output = read_with(python, *layout);
    EXPECT_EQ(output.status, 0) << python << "\n" << output.text;
    ++read;
  }
  if (read == 0) GTEST_SKIP() << "no CPython 3.8 or later here";
}

// The check above must be able to fail: the layout of another version reads wrongly.
TEST(Layouts, OfAnotherVersionReadWrongly) {
  int read = 0;
  for (const std::string& python : testing::all_pythons()) {
    const auto [major, minor] = testing::version_of(python);
    if (layout_for(major, minor) == nullptr) continue;
    const aspis_python_layout* wrong = layout_for(3, minor < 12 ? 12 : 8);
    EXPECT_NE(read_with(python, *wrong).status, 0) << python;
    ++read;
  }
  if (read == 0) GTEST_SKIP() << "no CPython 3.8 or later here";
}

}  // namespace
}  // namespace aspis::cpython
