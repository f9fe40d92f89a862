// SPDX-License-Identifier: Apache-2.0
// What Python says, joined with what the kernel sees.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "tests/system/aspis_run.h"

namespace aspis::test {
namespace {

/// The programs under test. All run one after another under one observation for each backend, as
/// starting one is most of the time that this takes.
const std::map<std::string, std::string> kScripts = {
    {"joined",
     "import subprocess; open('/etc/hostname').read(); subprocess.run(['cat','/etc/passwd'], "
     "stdout=-3)"},
    {"native",
     "import ctypes\nlibc = "
     "ctypes.CDLL(None)\nopen('/etc/hostname').close()\nlibc.open(b'/etc/passwd', 0)"},
    {"differs",
     "import os, sys, tempfile\n"
     "d = sys.argv[0] + '.d'; os.mkdir(d); os.symlink('/etc/passwd', d + '/innocent')\n"
     "open(d + '/innocent').close()\n"
     "try:\n  open(d + '/absent')\nexcept OSError: pass\n"
     "sys.audit('done')"},
    {"values",
     "import sys\n"
     "sys.audit('v.scalars', 'ascii', 'caf\\u00e9', '\\u20ac', '\\U0001f40d', b'by\\x00\\xff', 0, "
     "-5, 2**40)\n"
     "sys.audit('v.more', True, False, None, 1.5, 2**63, -(2**70), {}, object)\n"
     "sys.audit('v.nested', ('::1', 80, 0, 0), ['a', ('b', ('c',))], list(range(100)), 'x' * "
     "5000)\n"
     "class S(str): pass\n"
     "sys.audit('v.many', *range(11)); sys.audit('v.subclass', S('sub')); sys.audit('v.none')\n"},
    {"threads",
     "import threading\n"
     "a, b = threading.Event(), threading.Event()\n"
     "def one():\n  import sys; sys.audit('t.one'); a.set(); b.wait()\n"
     "  open('/etc/hostname').close()\n"
     "t = threading.Thread(target=one); t.start(); a.wait()\n"
     "open('/etc/passwd').close(); b.set(); t.join()\n"},
    {"chain", "import subprocess; subprocess.run(['sh', '-c', 'cat /etc/hostname; :'], stdout=-3)"},
};

const Observation& watch_all(const char* backend) {
  static std::map<std::string, Observation> done;
  const auto [entry, fresh] = done.try_emplace(backend);
  if (!fresh) return entry->second;
  const TemporaryDirectory directory;
  std::string line;
  for (const auto& [name, code] : kScripts) {
    std::ofstream(directory.path(name + ".py")) << code;
    line += system_python() + " " + directory.path(name + ".py") + " || exit 9; ";
  }
  return entry->second = observe(backend, {"sh", "-c", line});
}

/// Events of the process whose first argument is NAME.py, and of its descendants.
std::vector<nlohmann::json> of_script(const Observation& all, const std::string& name) {
  std::set<std::string> pids;
  std::vector<nlohmann::json> events;
  for (const auto& event : all.events) {
    const std::string pid = field(event, "process.pid");
    if (field(event, "type") == "process.exec") {
      const auto& argv = event["process"]["argv"];
      if (argv.size() > 1 && argv[1].get<std::string>().ends_with("/" + name + ".py"))
        pids.insert(pid);
    }
    if (!pids.contains(pid)) continue;
    if (field(event, "type") == "process.fork") pids.insert(field(event, "fork.pid"));
    events.push_back(event);
  }
  return events;
}

class Python : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (system_python().empty()) GTEST_SKIP() << "/usr/bin/python3 is not installed";
    const auto found = backends().find(GetParam());
    ASSERT_NE(found, backends().end());
    if (!found->second.empty()) GTEST_SKIP() << GetParam() << " " << found->second;
  }

  static Observation python(const std::string& name) {
    const Observation& all = watch_all(GetParam());
    EXPECT_EQ(all.outcome.code(), 0) << all.outcome.err;
    return {all.outcome, of_script(all, name)};
  }
};

std::vector<nlohmann::json> audits(const Observation& seen, const std::string& event) {
  return matching(seen.events, {{"type", "python.audit"}, {"python.event", event}});
}

TEST_P(Python, AuditEventAndKernelEventAreJoined) {
  const auto seen = python("joined");
  const auto said = matching(
      seen.events,
      {{"type", "python.audit"}, {"python.event", "open"}, {"python.args.path", "/etc/hostname"}});
  ASSERT_EQ(said.size(), 1U);
  EXPECT_EQ(field(said[0], "python.args.mode"), "r");
  const auto opened =
      matching(seen.events,
               {{"type", "file.open"}, {"file.path", "/etc/hostname"}, {"correlation", "matched"}});
  ASSERT_EQ(opened.size(), 1U);
  EXPECT_EQ(field(opened[0], "cause.seq"), field(said[0], "seq"));

  const auto popen = audits(seen, "subprocess.Popen");
  ASSERT_EQ(popen.size(), 1U);
  EXPECT_EQ(popen[0]["python"]["args"]["args"], nlohmann::json({"cat", "/etc/passwd"}));
  const auto exec = matching(
      seen.events,
      {{"type", "process.exec"}, {"cause.event", "subprocess.Popen"}, {"correlation", "matched"}});
  ASSERT_EQ(exec.size(), 1U);
  EXPECT_EQ(field(exec[0], "cause.seq"), field(popen[0], "seq"));
  const auto leak = matching(seen.events, {{"type", "file.open"}, {"file.path", "/etc/passwd"}});
  ASSERT_EQ(leak.size(), 1U);
  EXPECT_EQ(field(leak[0], "cause.seq"), field(popen[0], "seq"));
  EXPECT_EQ(field(leak[0], "cause.process.exe"), system_python());
  EXPECT_EQ(field(leak[0], "process.exe"), "/usr/bin/cat");
}

TEST_P(Python, NativeOpenIsUnaudited) {
  const auto seen = python("native");
  const auto opened = matching(seen.events, {{"type", "file.open"}, {"file.path", "/etc/passwd"}});
  ASSERT_EQ(opened.size(), 1U);
  EXPECT_EQ(field(opened[0], "correlation"), "unaudited");
}

TEST_P(Python, LinkIsMismatchAndMissingFileUnperformed) {
  const auto seen = python("differs");
  const auto opened =
      matching(seen.events,
               {{"type", "file.open"}, {"correlation", "mismatch"}, {"file.path", "/etc/passwd"}});
  ASSERT_EQ(opened.size(), 1U);
  EXPECT_TRUE(field(opened[0], "said").ends_with("/differs.py.d/innocent")) << opened[0];
  const auto undone =
      matching(seen.events, {{"type", "python.unperformed"}, {"cause.event", "open"}});
  EXPECT_EQ(
      std::count_if(undone.begin(), undone.end(),
                    [](const auto& event) {
                      return field(event, "cause.args.path").ends_with("/differs.py.d/absent");
                    }),
      1);
}

TEST_P(Python, ValuesOfEveryKind) {
  const auto seen = python("values");
  ASSERT_EQ(audits(seen, "v.scalars").size(), 1U);
  EXPECT_EQ(
      audits(seen, "v.scalars")[0]["python"]["args"],
      nlohmann::json::parse(
          R"({"0":"ascii","1":"café","2":"€","3":"🐍","4":{"bytes":"by\u0000ÿ"},"5":0,"6":-5,"7":1099511627776})"));
  const auto more = audits(seen, "v.more")[0]["python"]["args"];
  EXPECT_EQ(more["0"], true);
  EXPECT_EQ(more["1"], false);
  EXPECT_EQ(more["2"], nullptr);
  EXPECT_EQ(more["3"], 1.5);
  EXPECT_EQ(more["4"].dump(), "9223372036854775808");
  EXPECT_EQ(more["6"]["type"], "dict");
  EXPECT_EQ(more["7"]["type"], "type");
  const auto nested = audits(seen, "v.nested")[0]["python"];
  EXPECT_EQ(nested["args"]["0"], nlohmann::json::parse(R"(["::1",80,0,0])"));
  EXPECT_EQ(nested["args"]["1"][1][0], "b");
  EXPECT_EQ(nested["args"]["2"].size(), 64U);
  EXPECT_EQ(nested["args"]["3"].get<std::string>().size(), 4095U);
  EXPECT_GE(nested["cut"].size(), 3U) << nested["cut"];
  EXPECT_EQ(audits(seen, "v.many")[0]["python"]["args"].size(), 8U);
  EXPECT_EQ(audits(seen, "v.subclass")[0]["python"]["args"]["0"], "sub");
  EXPECT_TRUE(audits(seen, "v.none")[0]["python"]["args"].empty());
}

TEST_P(Python, ThreadsKeepTheirOwnCause) {
  const auto seen = python("threads");
  for (const char* path : {"/etc/hostname", "/etc/passwd"}) {
    const auto opened = matching(seen.events, {{"type", "file.open"}, {"file.path", path}});
    ASSERT_EQ(opened.size(), 1U) << path;
    EXPECT_EQ(field(opened[0], "correlation"), "matched");
    EXPECT_EQ(field(opened[0], "cause.args.path"), path);
  }
}

TEST_P(Python, CauseIsInheritedOverForkAndExec) {
  const auto seen = python("chain");
  const auto popen = audits(seen, "subprocess.Popen");
  ASSERT_EQ(popen.size(), 1U);
  const auto opened =
      matching(seen.events, {{"type", "file.open"}, {"file.path", "/etc/hostname"}});
  ASSERT_EQ(opened.size(), 1U);
  EXPECT_EQ(field(opened[0], "process.exe"), "/usr/bin/cat");
  EXPECT_EQ(field(opened[0], "cause.seq"), field(popen[0], "seq"));
  EXPECT_EQ(field(opened[0], "cause.inherited"), "true");
}

std::string name_of(const testing::TestParamInfo<const char*>& info) {
  return info.param;
}

INSTANTIATE_TEST_SUITE_P(Backends, Python, testing::Values("lsm", "fmod_ret", "tracepoint"),
                         name_of);

}  // namespace
}  // namespace aspis::test
