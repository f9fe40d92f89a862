// SPDX-License-Identifier: Apache-2.0
#include "signed/path_text.h"

#include <gtest/gtest.h>

#include "agent/signed/manifest_text.h"

namespace aspis {
namespace {

std::string back(std::string text) {
  const long bytes = aspis_path_of_text(text.data(), text.size(), text.data());
  return bytes < 0 ? "(none)" : text.substr(0, static_cast<std::size_t>(bytes));
}

TEST(PathText, LeavesTextAndEscapesTheRest) {
  EXPECT_EQ(path_text("/a b/ü€😀.py"), "/a b/ü€😀.py");
  EXPECT_EQ(path_text("/a\nb\\\x7f\t"), "/a\\x0ab\\x5c\\x7f\\x09");
  EXPECT_EQ(path_text("/\xff\xc3"), "/\\xff\\xc3");
  EXPECT_EQ(path_text("/\xc0\xaf"), "/\\xc0\\xaf");                    // longer than it need be
  EXPECT_EQ(path_text("/\xed\xa0\x80"), "/\\xed\\xa0\\x80");           // a surrogate
  EXPECT_EQ(path_text("/\xf4\x90\x80\x80"), "/\\xf4\\x90\\x80\\x80");  // past the last one
  EXPECT_EQ(path_text("/\xc2\x9b"), "/\\xc2\\x9b");                    // a terminal would obey it
}

TEST(PathText, ComesBackAsItWas) {
  std::string all = "/";
  for (int i = 1; i < 256; i++) all += static_cast<char>(i);
  EXPECT_EQ(back(path_text(all)), all);
  EXPECT_EQ(back(path_text("/ü€😀")), "/ü€😀");
}

TEST(PathText, RefusesOtherEscapes) {
  for (const char* text : {"/\\", "/\\n", "/\\x", "/\\x0", "/\\xg0", "/\\x0A"}) {
    EXPECT_EQ(back(text), "(none)") << text;
  }
}

}  // namespace
}  // namespace aspis
