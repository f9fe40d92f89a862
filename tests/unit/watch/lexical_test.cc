// SPDX-License-Identifier: Apache-2.0
// Against the kernel's own idea of where a directory is: its real path.
#include "agent/watch/lexical.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace aspis {
namespace {

namespace fs = std::filesystem;

struct LexicalTest : ::testing::Test {
  LexicalTest() {
    std::string name = (fs::temp_directory_path() / "aspis-lexical-XXXXXX").string();
    top = fs::canonical(::mkdtemp(name.data()));
    fs::create_directories(top / "real" / "deep");
    fs::create_symlink("real", top / "link");
  }
  ~LexicalTest() override { fs::remove_all(top); }

  /// The path that comes out, and whether it still is lexical.
  std::pair<std::string, bool> resolved(const std::string& text, unsigned flags = 0) const {
    std::string storage;
    Path path;
    path.text = text;
    path.flags = static_cast<std::uint16_t>(ASPIS_PATH_LEXICAL | flags);
    resolve_lexical(static_cast<std::uint32_t>(::getpid()), path, storage);
    return {std::string(path.text), (path.flags & ASPIS_PATH_LEXICAL) != 0};
  }

  fs::path top;
};

using Answer = std::pair<std::string, bool>;

TEST_F(LexicalTest, FollowsTheLinksOfTheDirectory) {
  EXPECT_EQ(resolved(top / "link/../link/deep/./gone"), Answer(top / "real/deep/gone", false));
  EXPECT_EQ(resolved(top / "real//gone///"), Answer(top / "real/gone", false));
  EXPECT_EQ(resolved("/gone"), Answer("/gone", false));
}

TEST_F(LexicalTest, LeavesTheLastComponentAsItIs) {
  EXPECT_EQ(resolved(top / "link"), Answer(top / "link", false));
}

TEST_F(LexicalTest, ChangesNothingThatItCannotResolve) {
  for (const std::string& text : {(top / "absent/gone").string(), (top / "real/..").string(),
                                  std::string("relative"), std::string()})
    EXPECT_EQ(resolved(text), Answer(text, true)) << text;
  EXPECT_EQ(resolved(top / "link/gone", ASPIS_PATH_CUT), Answer(top / "link/gone", true));
}

}  // namespace
}  // namespace aspis
