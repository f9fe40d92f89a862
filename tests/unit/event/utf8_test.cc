// SPDX-License-Identifier: Apache-2.0
#include "agent/event/utf8.h"

#include <gtest/gtest.h>

namespace aspis {
namespace {

TEST(Utf8, EveryCodePointSurvives) {
  for (char32_t c = 0; c <= 0x10ffff; ++c) {
    if (c >= 0xd800 && c <= 0xdfff) continue;
    std::string text;
    append_utf8(text, c);
    const Utf8Step step = next_utf8(text);
    ASSERT_TRUE(step.valid) << std::hex << static_cast<unsigned>(c);
    ASSERT_EQ(step.value, c);
    ASSERT_EQ(step.bytes, text.size());
  }
}

TEST(Utf8, InvalidBytesAreTakenOneByOne) {
  const std::string_view bad[] = {
      "\x80",              // continuation alone
      "\xc0\xaf",          // overlong
      "\xc1\xbf",          //
      "\xe0\x80\x80",      //
      "\xf0\x80\x80\x80",  //
      "\xed\xa0\x80",      // surrogate
      "\xf4\x90\x80\x80",  // past the end
      "\xf5\x80\x80\x80",  //
      "\xff",              //
      "\xe2\x82",          // cut
      "\xe2\x28\xa1",      // no continuation
  };
  for (std::string_view text : bad) {
    const Utf8Step step = next_utf8(text);
    EXPECT_FALSE(step.valid);
    EXPECT_EQ(step.bytes, 1U);
    EXPECT_EQ(step.value, static_cast<unsigned char>(text[0]));
  }
}

TEST(Utf8, Unprintable) {
  for (char32_t c :
       {0x00, 0x1b, 0x7f, 0x80, 0x9b, 0x200b, 0x200e, 0x2028, 0x202e, 0x2066, 0xfeff, 0xe0041}) {
    EXPECT_TRUE(is_unprintable(c)) << std::hex << static_cast<unsigned>(c);
  }
  for (char32_t c : {0x20, 0x7e, 0xa0, 0xe9, 0x20ac, 0x4e2d, 0x1f600}) {
    EXPECT_FALSE(is_unprintable(c)) << std::hex << static_cast<unsigned>(c);
  }
}

}  // namespace
}  // namespace aspis
