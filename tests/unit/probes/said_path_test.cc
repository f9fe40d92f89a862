// SPDX-License-Identifier: Apache-2.0
#include "probes/cpython/said_path.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace aspis::cpython {
namespace {

TEST(Normalise, IsLexical) {
  const std::pair<const char*, const char*> cases[] = {
      {"/", "/"},
      {"//", "/"},
      {"/a//b", "/a/b"},
      {"/a/./b/", "/a/b"},
      {"/a/../b", "/b"},
      {"/../a", "/a"},
      {"/a/b/../..", "/"},
      {"/a/b/../../..", "/"},
      {"", "."},
      {".", "."},
      {"./a", "a"},
      {"a/..", "."},
      {"../a", "../a"},
      {"../../a/./b", "../../a/b"},
      {"a/../../b", "../b"},
      {"a/b/../c", "a/c"},
      {"/..a/...", "/..a/..."},
      {"a/../..", ".."},
  };
  for (const auto& [path, expected] : cases) EXPECT_EQ(normalise(path), expected) << path;
}

struct Case {
  const char* said;
  const char* cwd;
  const char* done;
  bool same;
};

TEST(SamePath, ComparesAsFarAsTextCanTell) {
  const Case cases[] = {
      {"/etc/passwd", "", "/etc/passwd", true},
      {"/etc//./passwd", "", "/etc/passwd", true},
      {"/etc/x/../passwd", "/", "/etc/passwd", true},
      {"/etc/passwd", "", "/etc/shadow", false},
      {"/etc/passwd", "/etc", "/srv/etc/passwd", false},
      {"data", "/srv", "/srv/data", true},
      {"data", "/srv/", "/srv/data", true},
      {"data", "/srv", "/etc/data", false},
      {"../data", "/srv/app", "/srv/data", true},
      {".", "/srv", "/srv", true},
      // no working directory: the last components
      {"data", "", "/srv/data", true},
      {"a/data", "", "/srv/a/data", true},
      {"a/data", "", "/srv/data", false},
      {"ata", "", "/srv/data", false},
      {"../x/data", "", "/x/data", true},
      {"..", "", "/srv", true},
      {".", "", "/srv", true},
      // magic links of /proc
      {"/proc/self/maps", "", "/proc/1234/maps", true},
      {"/proc/self", "", "/proc/1234", true},
      {"/proc/self/maps", "", "/proc/1234/mem", false},
      {"/proc/self/maps", "", "/proc//maps", false},
      {"/proc/selfish", "", "/proc/1234", false},
      {"/proc/thread-self/comm", "", "/proc/12/task/34/comm", true},
      {"/proc/thread-self/comm", "", "/proc/12/comm", false},
      {"/proc/1/maps", "", "/proc/2/maps", false},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(same_path({c.said, false, true}, c.cwd, {c.done, false, false}), c.same)
        << c.said << " from " << c.cwd << " against " << c.done;
  }
}

TEST(SamePath, FromADirectoryFdComparesTheEnd) {
  EXPECT_FALSE(same_path({"data", false, true}, "/srv", {"/tmp/data", false, false}));
  EXPECT_TRUE(same_path({"data", false, false}, "/srv", {"/tmp/data", false, false}));
  EXPECT_FALSE(same_path({"data", false, false}, "/srv", {"/tmp/dat", false, false}));
}

TEST(SamePath, ComparesWhatIsKnownOfACutPath) {
  EXPECT_TRUE(same_path({"/srv/da", true, true}, "", {"/srv/data", false, false}));
  EXPECT_FALSE(same_path({"/srv/xa", true, true}, "", {"/srv/data", false, false}));
  EXPECT_TRUE(same_path({"/srv/app/data", false, true}, "", {"p/data", true, false}));
  EXPECT_FALSE(same_path({"/srv/app/data", false, true}, "", {"x/data", true, false}));
  EXPECT_TRUE(same_path({"app/da", true, true}, "", {"/srv/app/data", false, false}));
  EXPECT_FALSE(same_path({"app/dx", true, true}, "", {"/srv/app/data", false, false}));
}

TEST(SamePath, NormalisesWhatTheKernelDidNotWalk) {
  EXPECT_TRUE(same_path({"/a/b", false, true}, "", {"/a/x/../b", false, true}));
  EXPECT_FALSE(same_path({"/a/b", false, true}, "", {"/a/x/../b", false, false}));
}

TEST(SamePath, KnowsMergedDirectoriesOfThisHostOnly) {
  char target[64];
  const ssize_t length = ::readlink("/lib", target, sizeof(target));
  const bool merged =
      length > 0 && std::string(target, static_cast<std::size_t>(length)) == "usr/lib";
  EXPECT_EQ(same_path({"/lib/x.so", false, true}, "", {"/usr/lib/x.so", false, false}), merged);
  EXPECT_FALSE(same_path({"/libx/x.so", false, true}, "", {"/usr/libx/x.so", false, false}));
  EXPECT_FALSE(same_path({"/etc/x", false, true}, "", {"/usr/etc/x", false, false}));
}

TEST(PathWithin, TakesTheDirectoryToo) {
  EXPECT_TRUE(path_within({"/tmp", false, true}, "", {"/tmp/#123", false, false}));
  EXPECT_TRUE(path_within({"/tmp", false, true}, "", {"/tmp", false, false}));
  EXPECT_TRUE(path_within({"/", false, true}, "", {"/tmp", false, false}));
  EXPECT_FALSE(path_within({"/tmp", false, true}, "", {"/tmpx/a", false, false}));
  EXPECT_TRUE(path_within({"work", false, false}, "", {"/srv/work/a", false, false}));
  EXPECT_FALSE(path_within({"work", false, false}, "", {"/srv/works/a", false, false}));
}

}  // namespace
}  // namespace aspis::cpython
