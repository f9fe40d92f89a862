// SPDX-License-Identifier: Apache-2.0
// What an interpreter runs, by its arguments: what the reader says is what real ones do with random
// arguments. ASPIS_SEED=NUMBER makes other ones, ASPIS_ARGV_CASES=NUMBER more of them.
#include "bpf/lib/python_argv.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/naive/random_rules.h"
#include "tests/unit/probes/pythons.h"

namespace aspis::policy {
namespace {

namespace fs = std::filesystem;
using Arguments = std::vector<std::string>;

/// "script NAME", "module NAME", "command", "stdin", or "nothing".
std::string said(const Arguments& arguments) {
  std::string bytes;
  for (const std::string& argument : arguments) (bytes += argument) += '\0';
  python_argv argv{};
  for (const char byte : bytes) {
    if (python_argv_step(&argv, static_cast<__u8>(byte)) != 0) break;
  }
  python_argv_end(&argv);
  const auto named = [&](const char* kind) {
    return std::string(kind) + " " + (bytes.c_str() + argv.text);
  };
  switch (argv.launch) {
    case ASPIS_LAUNCH_SCRIPT:
      return named("script");
    case ASPIS_LAUNCH_MODULE:
      return named("module");
    case ASPIS_LAUNCH_COMMAND:
      return "command";
    case ASPIS_LAUNCH_STDIN:
      return "stdin";
    default:
      return "nothing";
  }
}

std::string said_of(Arguments arguments) {
  arguments.insert(arguments.begin(), "python");
  return said(arguments);
}

TEST(PythonArgv, Examples) {
  EXPECT_EQ(said({}), "nothing");
  EXPECT_EQ(said_of({}), "stdin");
  EXPECT_EQ(said_of({"a.py", "-c", "x"}), "script a.py");
  EXPECT_EQ(said_of({"-"}), "stdin");
  EXPECT_EQ(said_of({"-", "a.py"}), "stdin");
  EXPECT_EQ(said_of({"-IBc", "pass", "a.py"}), "command");
  EXPECT_EQ(said_of({"-cpass"}), "command");
  EXPECT_EQ(said_of({"-m", "http.server", "80"}), "module http.server");
  EXPECT_EQ(said_of({"-Immod", "x"}), "module mod");
  EXPECT_EQ(said_of({"-W", "-c", "-Xdev", "-X", "utf8", "a.py"}), "script a.py");
  EXPECT_EQ(said_of({"--check-hash-based-pycs", "always", "a.py"}), "script a.py");
  EXPECT_EQ(said_of({"--check-hash-based-pyc", "always", "a.py"}), "nothing");
  EXPECT_EQ(said_of({"-I-check-hash-based-pycs", "never", "-c", "x"}), "command");
  EXPECT_EQ(said_of({"--", "-c"}), "script -c");
  EXPECT_EQ(said_of({"--", "-"}), "stdin");
  EXPECT_EQ(said_of({"--"}), "stdin");
  EXPECT_EQ(said_of({"-V", "a.py"}), "nothing");
  EXPECT_EQ(said_of({"--version"}), "nothing");
  EXPECT_EQ(said_of({"-h"}), "nothing");
  EXPECT_EQ(said_of({"-I-"}), "stdin");
  EXPECT_EQ(said_of({"-I-", "-c"}), "script -c");
  EXPECT_EQ(said_of({"-Z", "a.py"}), "nothing");
  EXPECT_EQ(said_of({"-c"}), "nothing");
  EXPECT_EQ(said_of({"-m"}), "nothing");
  EXPECT_EQ(said_of({"-W"}), "nothing");
  EXPECT_EQ(said_of({"-m", ""}), "module ");
  EXPECT_EQ(said_of({""}), "script ");
}

/// A directory in which every word is a script that says so.
class Scripts {
 public:
  explicit Scripts(const std::vector<std::string>& words) {
    char name[] = "/tmp/aspis-argv-XXXXXX";
    root_ = ::mkdtemp(name);
    for (const std::string& word : words) {
      // With -x the first line is skipped.
      std::ofstream(root_ / word)
          << "\nimport sys\nsys.stderr.write('RAN SCRIPT %s\\n' % sys.argv[0])\n";
    }
    std::ofstream(root_ / "..in") << "import sys\nsys.stderr.write('RAN STDIN\\n')\n";
  }
  ~Scripts() { fs::remove_all(root_); }
  Scripts(const Scripts&) = delete;
  Scripts& operator=(const Scripts&) = delete;

  /// What an interpreter says, all of it.
  [[nodiscard]] std::string output_of(const std::string& python, const Arguments& arguments) const {
    std::array<int, 2> pipe{};
    EXPECT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addchdir_np(&actions, root_.c_str());
    ::posix_spawn_file_actions_addopen(&actions, 0, (root_ / "..in").c_str(), O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions, pipe[1], 1);
    ::posix_spawn_file_actions_adddup2(&actions, pipe[1], 2);
    std::vector<char*> argv{const_cast<char*>("python")};
    for (const std::string& argument : arguments)
      argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    char path[] = "PATH=/usr/bin:/bin";
    char* environment[] = {path, nullptr};
    pid_t child = 0;
    EXPECT_EQ(::posix_spawn(&child, python.c_str(), &actions, nullptr, argv.data(), environment),
              0);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(pipe[1]);
    std::string output;
    char buffer[4096];
    for (ssize_t got = 0; (got = ::read(pipe[0], buffer, sizeof(buffer))) > 0;)
      output.append(buffer, static_cast<std::size_t>(got));
    ::close(pipe[0]);
    ::waitpid(child, nullptr, 0);
    return output;
  }

 private:
  fs::path root_;
};

/// What was run first: -i reads standard input afterwards.
std::string ran(std::string output) {
  // With -i an unknown module comes with the lines of runpy that say so.
  const std::string quoted = "No module named %s";
  for (std::size_t at; (at = output.find(quoted)) != std::string::npos;)
    output.erase(at, quoted.size());
  const struct {
    const char* mark;
    const char* kind;
    const char* end;  // of the name
  } kinds[] = {{"RAN SCRIPT ", "script ", "\n"},
               {"No module named ", "module ", "\n"},
               {"File \"<string>\"", "command", nullptr},
               {"RAN STDIN", "stdin", nullptr}};
  std::size_t first = std::string::npos;
  std::string found = "nothing";
  for (const auto& kind : kinds) {
    const std::size_t at = output.find(kind.mark);
    if (at >= first) continue;
    first = at;
    found = kind.kind;
    if (kind.end == nullptr) continue;
    const std::size_t name = at + std::string(kind.mark).size();
    found += output.substr(name, output.find(kind.end, name) - name);
  }
  // Python quotes some names ('x').
  std::erase(found, '\'');
  return found;
}

// Each fails as a command, is no module, and may be the name of a file.
const std::vector<std::string> kWords = {"x", "-", "-c", "-I", "always", "-Wx", "y1", "-m", "--"};
const std::vector<std::string> kOptions = {"-I",
                                           "-E",
                                           "-s",
                                           "-S",
                                           "-B",
                                           "-b",
                                           "-O",
                                           "-OO",
                                           "-q",
                                           "-u",
                                           "-R",
                                           "-t",
                                           "-x",
                                           "-i",
                                           "-d",
                                           "-P",
                                           "-IB",
                                           "-Ec",
                                           "-sm",
                                           "-W",
                                           "-X",
                                           "-c",
                                           "-m",
                                           "-",
                                           "--",
                                           "-WI",
                                           "-Wx",
                                           "-XI",
                                           "-Xc",
                                           "-IWx",
                                           "-BXm",
                                           "-cx1",
                                           "-mzz",
                                           "-Imzz",
                                           "-Bcq1",
                                           "--check-hash-based-pycs",
                                           "-I-check-hash-based-pycs",
                                           "-V",
                                           "-h",
                                           "-?",
                                           "-J",
                                           "-Z",
                                           "--help",
                                           "--version",
                                           "--help-all",
                                           "--check",
                                           "-I-",
                                           "-B-c",
                                           "-VI"};

Arguments random_arguments(naive::Random& random) {
  Arguments arguments;
  for (std::size_t n = random.below(6); n > 0; n--) {
    const std::string& option = random.one_of(kOptions);
    arguments.push_back(option);
    // A wrong value ends the interpreter: that is not read.
    if (option.ends_with("check-hash-based-pycs")) arguments.emplace_back("always");
  }
  for (std::size_t n = random.below(3); n > 0; n--) arguments.push_back(random.one_of(kWords));
  return arguments;
}

/// -P came with 3.11.
bool knows(const std::string& python, const Arguments& arguments) {
  const bool asked = std::ranges::any_of(arguments, [](const auto& a) { return a == "-P"; });
  return !asked || aspis::testing::version_of(python).minor >= 11;
}

TEST(PythonArgv, RealInterpretersDoWhatIsRead) {
  const std::uint64_t seed = naive::seed_or(20261123);
  SCOPED_TRACE("ASPIS_SEED=" + std::to_string(seed));
  const char* wanted = std::getenv("ASPIS_ARGV_CASES");
  const std::size_t cases = wanted != nullptr ? std::strtoul(wanted, nullptr, 10) : 40;
  naive::Random random(seed);
  std::vector<std::string> names = kOptions;
  names.insert(names.end(), kWords.begin(), kWords.end());
  std::erase(names, "-");
  const Scripts scripts(names);
  std::size_t compared = 0, run = 0;
  for (const std::string& python : aspis::testing::all_pythons()) {
    if (aspis::testing::version_of(python).minor < 8) continue;
    for (std::size_t n = 0; n < cases; n++) {
      const Arguments arguments = random_arguments(random);
      if (!knows(python, arguments)) continue;
      const std::string output = scripts.output_of(python, arguments);
      std::string shown = python;
      for (const std::string& argument : arguments) shown += " '" + argument + "'";
      ASSERT_EQ(said_of(arguments), ran(output)) << shown << "\n" << output;
      compared++;
      run += ran(output) != "nothing" ? 1 : 0;
    }
  }
  if (compared == 0) GTEST_SKIP() << "no interpreter here";
  EXPECT_GT(run * 4, compared) << "too few of them ran anything";
  RecordProperty("compared", static_cast<int>(compared));
}

}  // namespace
}  // namespace aspis::policy
