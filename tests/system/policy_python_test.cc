// SPDX-License-Identifier: Apache-2.0
// Rules on audit events: who raises what is denied has ended before the operation begins.
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>

#include "tests/system/aspis_run.h"

namespace aspis::test {
namespace {

struct Case {
  const char* name;
  const char* code;
  bool killed;
};

constexpr const char* kRules = R"(
  deny python os.system,
  deny python compile filename="<evil>",
  deny python open path="/etc/hostname",
  deny python open path="**forbidden*",
  deny python subprocess.Popen args="rm -r**",
  deny python socket.connect address="127.0.0.1 9",
  deny python app.one arg0=no,
  deny python app.two arg0=-5,
  deny python app.three arg0=True arg1=None,
  deny python app.four arg0="<object>",
  deny python app.cut arg0="a*b",
  deny python app.many arg7=last,
  deny python app.nul arg0="a\000b",
  audit python import module=colorsys,
)";

constexpr Case kCases[] = {
    {"system", "import os; os.system('true')", true},
    {"compile", "compile('1', '<fine>', 'eval')", false},
    {"compile_no", "compile('1', '<evil>', 'eval')", true},
    {"open", "open('/etc/passwd')", false},
    {"open_no", "open('/etc/hostname')", true},
    {"open_utf8_no", "open('/tmp/\\u20ac\\xe9-forbidden')", true},
    {"open_wide_no", "open('/tmp/\\U0001f40d-forbidden')", true},
    {"open_bytes_no", "open(b'/tmp/\\xff-forbidden')", true},
    {"popen", "import subprocess; subprocess.run(['true', 'rm', '-r'])", false},
    {"popen_no", "import subprocess; subprocess.run(['rm', '-rf', '/nonexistent/x'])", true},
    {"connect", "import socket; socket.socket().connect_ex(('127.0.0.1', 10))", false},
    {"connect_no", "import socket; socket.socket().connect_ex(('127.0.0.1', 9))", true},
    {"one", "import sys; sys.audit('app.one', 'non')", false},
    {"one_no", "import sys; sys.audit('app.one', 'no')", true},
    {"two", "import sys; sys.audit('app.two', 5); sys.audit('app.two', -50)", false},
    {"two_no", "import sys; sys.audit('app.two', -5)", true},
    {"three", "import sys; sys.audit('app.three', True, 1)", false},
    {"three_no", "import sys; sys.audit('app.three', True, None)", true},
    {"four", "import sys; sys.audit('app.four', {})", false},
    {"four_no", "import sys; sys.audit('app.four', object())", true},
    {"cut", "import sys; sys.audit('app.cut', 'x' * 5000)", false},
    {"cut_may_match_no", "import sys; sys.audit('app.cut', 'a' * 5000)", true},
    {"many", "import sys; sys.audit('app.many', 1, 2, 3, 4, 5, 6, 'last', 8)", false},
    {"many_no", "import sys; sys.audit('app.many', 1, 2, 3, 4, 5, 6, 7, 'last')", true},
    {"nul", "import sys; sys.audit('app.nul', 'a', 'b'); sys.audit('app.nul', 'a\\x01\\x01b')",
     false},
    {"import", "import colorsys", false},
    {"empty", "import sys; sys.audit('app.one'); sys.audit('app.one', ''); sys.audit('app', [[]])",
     false},
};

class PolicyPython : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (system_python().empty()) GTEST_SKIP() << "/usr/bin/python3 is not installed";
    const std::string why = why_not_decide(GetParam(), Tracepoint::kNatively);
    if (!why.empty()) GTEST_SKIP() << why;
  }

  /// All cases, one process each, under one observation.
  [[nodiscard]] Observation run_all(const std::vector<std::string>& options) const {
    std::ofstream(directory_.path("policy")) << "abi <kernel>,\nprofile start {\n  file,\n  /** "
                                                "ix,\n  capability,\n  network,\n  unix,\n"
                                                "  signal,\n  ptrace,\n"
                                             << kRules << "}\n";
    std::ofstream script(directory_.path("script"));
    for (const Case& one : kCases) {
      std::ofstream(directory_.path(std::string(one.name) + ".py")) << one.code << "\n";
      script << system_python() << " -S " << directory_.path(one.name) << ".py 2>"
             << directory_.path("err") << "; echo " << one.name << " $?\n";
    }
    script.close();
    std::vector<std::string> all = {"--profile", directory_.path("policy")};
    all.insert(all.end(), options.begin(), options.end());
    return observe(GetParam(), {"sh", directory_.path("script")}, all);
  }

  TemporaryDirectory directory_;
};

TEST_P(PolicyPython, WhatIsDeniedEndsItsProcess) {
  const auto seen = run_all({});
  ASSERT_EQ(seen.outcome.code(), 0) << seen.outcome.err;
  const Results results = results_of(seen.outcome.out);
  for (const Case& one : kCases) {
    const auto found = results.find(one.name);
    ASSERT_NE(found, results.end()) << one.name;
    // An error of Python's own is none of Aspis's: files and hosts that are not there.
    EXPECT_EQ(found->second == std::to_string(128 + SIGKILL), one.killed)
        << one.name << " ended with " << found->second;
  }
  const auto denied =
      matching(seen.events, {{"type", "python.audit"}, {"verdict", "denied"}, {"killed", "true"}});
  std::size_t expected = 0;
  for (const Case& one : kCases) expected += one.killed ? 1 : 0;
  EXPECT_EQ(denied.size(), expected);
  for (const auto& event : denied) {
    EXPECT_EQ(field(event, "profile"), "start") << event;
    EXPECT_EQ(field(event, "denied"), "raise") << event;
  }
  // os.system was denied before the shell ran.
  const auto system = matching(denied, {{"python.event", "os.system"}});
  ASSERT_EQ(system.size(), 1U);
  EXPECT_TRUE(
      matching(seen.events, {{"type", "process.exec"}, {"cause.event", "os.system"}}).empty());
  EXPECT_EQ(matching(seen.events, {{"type", "python.audit"},
                                   {"python.event", "import"},
                                   {"python.args.module", "colorsys"},
                                   {"audited", "true"}})
                .size(),
            1U);
}

// The hook inside of Python says no where the kernel would, and the program goes on to hear of it.
TEST(PolicyPythonHook, RefusesWhatTheKernelEndsAProcessFor) {
  if (system_python().empty()) GTEST_SKIP() << "/usr/bin/python3 is not installed";
  const TemporaryDirectory directory;
  const std::string policy = directory.path("policy"), image = directory.path("image");
  std::ofstream(policy) << "profile start {" << kRules << "}\n";
  const Outcome exported =
      run({aspis_binary(), "policy", "export", "--profile", policy, "-o", image});
  ASSERT_EQ(exported.code(), 0) << exported.err;
  for (const Case& one : kCases) {
    const Outcome outcome = run({system_python(), "-S", "-c", one.code}, 60,
                                {{"LD_PRELOAD", hook_library()}, {"ASPIS_HOOK_POLICY", image}});
    const bool refused =
        outcome.err.find("PermissionError: [Errno 1] aspis: python ") != std::string::npos;
    EXPECT_EQ(refused, one.killed) << one.name << ": " << outcome.err;
    EXPECT_EQ(outcome.signal(), 0) << one.name;
  }
}

std::string name_of(const testing::TestParamInfo<const char*>& info) {
  return info.param;
}

INSTANTIATE_TEST_SUITE_P(Backends, PolicyPython, testing::Values("lsm", "fmod_ret", "tracepoint"),
                         name_of);

}  // namespace
}  // namespace aspis::test
