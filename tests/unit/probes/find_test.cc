// SPDX-License-Identifier: Apache-2.0
// The interpreters of this machine.
#include "probes/cpython/find.h"

#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "base/fd.h"
#include "tests/unit/probes/pythons.h"

namespace aspis::cpython {
namespace {

constexpr const char* kDebian = "/usr/bin/python3.11";

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Find, SeesTheProbeOfDebiansPython) {
  if (!std::filesystem::exists(kDebian)) GTEST_SKIP() << "no " << kDebian;
  const auto found = inspect(kDebian);
  ASSERT_TRUE(found) << found.error().text();
  ASSERT_TRUE(*found);
  EXPECT_EQ((*found)->sites.probe, Probe::kUsdt);
  EXPECT_EQ((*found)->major, 3);
  EXPECT_EQ((*found)->minor, 11);
  EXPECT_GE((*found)->micro, 0);
  EXPECT_EQ((*found)->build_id.size(), 40U);
  EXPECT_NE((*found)->inode, 0U);
}

// Upstream builds have no probe, and their code is in libpython; the directory says the version.
TEST(Find, SeesUpstreamBuilds) {
  int seen = 0;
  for (const std::string& python : testing::pyenv_pythons()) {
    int minor = 0, micro = 0;
    const std::size_t versions = python.find("/versions/");
    ASSERT_EQ(std::sscanf(python.c_str() + versions, "/versions/3.%d.%d", &minor, &micro), 2);
    auto launcher = inspect(python);
    ASSERT_TRUE(launcher) << launcher.error().text();
    ASSERT_EQ(launcher->has_value(), minor >= 8) << python;
    if (!*launcher) continue;
    Interpreter interpreter = **launcher;
    if (!interpreter.library.empty()) {
      const auto library = find_library(interpreter);
      ASSERT_TRUE(library) << python;
      interpreter = inspect(*library)->value();
    }
    EXPECT_EQ(interpreter.minor, minor) << python;
    EXPECT_EQ(interpreter.micro, micro) << python;
    EXPECT_FALSE(interpreter.sites.sites.empty()) << python;
    ++seen;
  }
  if (seen == 0) GTEST_SKIP() << "no pyenv builds of CPython 3.8 or later here";
}

TEST(Find, LeavesOtherFilesAlone) {
  std::string reason;
  for (const char* path : {"/bin/cat", "/bin/sh", "/etc/passwd", "/", "/dev/null"}) {
    const auto found = inspect(path, &reason);
    ASSERT_TRUE(found) << found.error().text();
    EXPECT_FALSE(*found) << path;
    EXPECT_NE(reason, "") << path;
  }
  const auto missing = inspect("/nonexistent/python3");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ENOENT);
}

TEST(Find, SurvivesTruncatedInterpreters) {
  std::vector<std::string> paths = testing::pyenv_pythons();
  paths.emplace_back("/bin/cat");
  if (std::filesystem::exists(kDebian)) paths.emplace_back(kDebian);
  for (const std::string& path : paths) {
    const std::string file = contents(path);
    ASSERT_FALSE(file.empty()) << path;
    const std::size_t step = file.size() / 50 + 1;
    for (std::size_t length = 0; length < file.size(); length += step) {
      // A copy of its own, so that a read after the end is seen.
      const std::vector<char> part(file.begin(),
                                   file.begin() + static_cast<std::ptrdiff_t>(length));
      EXPECT_FALSE(inspect_bytes(part, path)) << path << " cut to " << length;
    }
  }
}

TEST(Find, ListsTheInterpretersOfTheHostOnce) {
  const auto list = candidates();
  for (const Interpreter& one : list) {
    EXPECT_EQ(one.library, "") << one.path;
    EXPECT_GE(one.minor, 8) << one.path;
    for (const Interpreter& other : list) {
      if (&one != &other) {
        EXPECT_FALSE(one.inode == other.inode && one.device == other.device) << one.path;
      }
    }
  }
  if (!std::filesystem::exists(kDebian)) GTEST_SKIP() << "no " << kDebian << " to look for";
  EXPECT_TRUE(std::any_of(list.begin(), list.end(), [](const Interpreter& one) {
    return one.path == kDebian && one.sites.sites.size() == 1;
  }));
}

TEST(Find, ListsTheInterpretersBelowARoot) {
  if (!std::filesystem::exists(kDebian)) GTEST_SKIP() << "no " << kDebian << " to copy";
  char directory[] = "/tmp/aspis-root-XXXXXX";
  ASSERT_NE(::mkdtemp(directory), nullptr);
  const std::string root = directory;
  std::filesystem::create_directories(root + "/usr/bin");
  std::filesystem::copy_file(kDebian, root + "/usr/bin/python3.11");
  std::filesystem::create_symlink("python3.11", root + "/usr/bin/python3");
  const auto list = candidates(root);
  std::filesystem::remove_all(root);
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0].path, root + "/usr/bin/python3.11");
  EXPECT_EQ(list[0].shown, "/usr/bin/python3.11");
}

// A Python that has told that it runs, and runs until its input ends.
class RunningPython {
 public:
  explicit RunningPython(const std::string& python) {
    int in[2], out[2];
    if (::pipe(in) != 0 || ::pipe(out) != 0) return;
    input_ = Fd(in[1]);
    const Fd child_in(in[0]), parent_out(out[0]), child_out(out[1]);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], 0);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    posix_spawn_file_actions_addclose(&actions, in[1]);
    std::string script = "import sys; print(1, flush=True); sys.stdin.read()";
    std::string flags = "-ISc";
    char* argv[] = {const_cast<char*>(python.c_str()), flags.data(), script.data(), nullptr};
    ::posix_spawn(&pid_, python.c_str(), &actions, nullptr, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    char byte;
    ready_ = ::read(parent_out.get(), &byte, 1) == 1;
  }
  ~RunningPython() {
    input_.reset();
    if (pid_ > 0) ::waitpid(pid_, nullptr, 0);
  }
  [[nodiscard]] bool ready() const { return ready_; }
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  Fd input_;
  pid_t pid_ = -1;
  bool ready_ = false;
};

TEST(Find, SeesTheInterpreterOfARunningProcess) {
  int seen = 0;
  for (const std::string& python : testing::all_pythons()) {
    const int minor = testing::version_of(python).minor;
    if (minor < 8) continue;
    const RunningPython process(python);
    ASSERT_TRUE(process.ready()) << python;
    const auto found = inspect_process(process.pid());
    ASSERT_TRUE(found) << found.error().text();
    ASSERT_EQ(found->size(), 1U) << python;
    EXPECT_EQ(found->front().minor, minor);
    EXPECT_FALSE(found->front().sites.sites.empty());
    EXPECT_NE(found->front().shown.find("python3."), std::string::npos) << found->front().shown;
    EXPECT_EQ(::access(found->front().path.c_str(), R_OK), 0) << found->front().path;
    ++seen;
  }
  if (seen == 0) GTEST_SKIP() << "no CPython 3.8 or later here";
}

TEST(Find, SeesNoInterpreterInThisProcess) {
  const auto found = inspect_process(::getpid());
  ASSERT_TRUE(found) << found.error().text();
  EXPECT_TRUE(found->empty());
  EXPECT_FALSE(inspect_process(0x7ffffff0));
}

}  // namespace
}  // namespace aspis::cpython
