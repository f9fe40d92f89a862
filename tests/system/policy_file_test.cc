// SPDX-License-Identifier: Apache-2.0
// File rules, links, exec transitions and inherited files, enforced and complained about. A Python
// program tries what the profile is about and prints the errno of each; expected ones are
// AppArmor's.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>

#include "tests/system/aspis_run.h"

namespace aspis::test {
namespace {

constexpr const char* kProfiles = R"(
profile service {
  /** rm,
  / r,
  /dev/** rw,
  /usr/bin/** ix,
  priority=1 /usr/bin/cat px -> reader,
  priority=1 /usr/bin/tac cx,
  priority=1 deny /usr/bin/head x,
  DIR/ r,
  DIR/data rwk,
  DIR/new w,
  DIR/log a,
  DIR/old rw,
  DIR/moved w,
  link DIR/pair -> DIR/data,
  link subset DIR/subset -> DIR/data,
  deny DIR/secret w,
  deny DIR/x*/x*/x*/denied r,
  audit DIR/audited r,
  owner DIR/mine rw,

  profile tac /usr/bin/tac {
    /usr/** rm,
    /etc/ld.so.* r,
    DIR/data r,
  }
}

profile reader {
  /usr/** rm,
  /etc/ld.so.* r,
  DIR/data r,
}
)";

constexpr const char* kProgram = R"(
import errno, fcntl, os, subprocess, sys
d = sys.argv[1] + "/"
def attempt(name, deed):
    try:
        deed()
        print(name, "ok")
    except OSError as error:
        print(name, errno.errorcode[error.errno])
def write(name, mode="w"):
    with open(d + name, mode) as file: file.write("x")
def child(*command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, **options)
    if done.returncode: raise OSError(errno.EACCES, "refused")
secret = open(d + "secret")
attempt("read", lambda: open(d + "data").close())
attempt("write", lambda: write("data"))
attempt("create", lambda: write("new"))
attempt("create_other", lambda: write("newer"))
attempt("append", lambda: os.close(os.open(d + "log", os.O_WRONLY | os.O_APPEND)))
attempt("append_create", lambda: write("log", "a"))
attempt("append_by_write", lambda: write("log"))
attempt("write_denied", lambda: write("secret"))
attempt("list", lambda: os.listdir(d))
attempt("rename", lambda: os.rename(d + "old", d + "moved"))
attempt("rename_other", lambda: os.rename(d + "data", d + "elsewhere"))
attempt("unlink", lambda: os.unlink(d + "moved"))
attempt("unlink_other", lambda: os.unlink(d + "secret"))
attempt("mkdir", lambda: os.mkdir(d + "directory"))
attempt("chmod", lambda: os.chmod(d + "data", 0o600))
attempt("chmod_other", lambda: os.chmod(d + "secret", 0o600))
attempt("link", lambda: os.link(d + "data", d + "pair"))
attempt("link_other", lambda: os.link(d + "secret", d + "pair2"))
attempt("link_subset", lambda: os.link(d + "data", d + "subset"))
attempt("lock", lambda: fcntl.flock(open(d + "data"), fcntl.LOCK_SH))
attempt("lock_other", lambda: fcntl.flock(open(d + "secret"), fcntl.LOCK_SH))
attempt("owned", lambda: write("mine", "r+"))
far = d + ("x" * 120 + "/") * 3
attempt("far", lambda: open(far + "allowed").close())
attempt("far_denied", lambda: open(far + "denied").close())
attempt("audited", lambda: open(d + "audited").close())
attempt("exec_inherit", lambda: child("true"))
attempt("exec_denied", lambda: child("head", d + "data"))
attempt("exec_named", lambda: child("cat", d + "data"))
attempt("exec_named_refused", lambda: child("cat", d + "audited"))
attempt("exec_child", lambda: child("tac", d + "data"))
attempt("exec_child_refused", lambda: child("tac", d + "audited"))
attempt("inherited", lambda: child("cat", stdin=open(d + "data")))
attempt("inherited_refused", lambda: child("cat", stdin=secret))
)";

const std::map<std::string, std::string> kExpected = {
    {"read", "ok"},
    {"write", "ok"},
    {"create", "ok"},
    {"create_other", "EACCES"},
    {"append", "ok"},
    {"append_create", "EACCES"},
    {"append_by_write", "EACCES"},
    {"write_denied", "EACCES"},
    {"list", "ok"},
    {"rename", "ok"},
    {"rename_other", "EACCES"},
    {"unlink", "ok"},
    {"unlink_other", "EACCES"},
    {"mkdir", "EACCES"},
    {"chmod", "ok"},
    {"chmod_other", "EACCES"},
    {"link", "ok"},
    {"link_other", "EACCES"},
    {"link_subset", "ok"},
    {"lock", "ok"},
    {"lock_other", "EACCES"},
    {"owned", "ok"},
    {"far", "ok"},
    {"far_denied", "EACCES"},
    {"audited", "ok"},
    {"exec_inherit", "ok"},
    {"exec_denied", "EACCES"},
    {"exec_named", "ok"},
    {"exec_named_refused", "EACCES"},
    {"exec_child", "ok"},
    {"exec_child_refused", "EACCES"},
    {"inherited", "ok"},
    {"inherited_refused", "EACCES"},
};

class Files : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (const auto why = why_not_confine(GetParam()); !why.empty()) GTEST_SKIP() << why;
    for (const char* name : {"data", "log", "old", "secret", "mine", "audited"})
      std::ofstream(directory_.path(name)) << "content\n";
    const std::string x(120, 'x');  // three of them are more than the matcher's quick loop takes
    const std::string far = directory_.path(x + "/" + x + "/" + x);
    std::filesystem::create_directories(far);
    for (const char* name : {"/allowed", "/denied"}) std::ofstream(far + name) << "content\n";
    std::ofstream(directory_.path("program.py")) << kProgram;
    std::string text = kProfiles;
    for (std::size_t at = 0; (at = text.find("DIR", at)) != std::string::npos;)
      text.replace(at, 3, directory_.path());
    std::ofstream(directory_.path("profiles")) << text;
  }

  Observation attempt(const std::vector<std::string>& more = {}) {
    std::vector<std::string> options = {"--profile", directory_.path("profiles") + ":service"};
    options.insert(options.end(), more.begin(), more.end());
    return observe(GetParam(), {system_python(), directory_.path("program.py"), directory_.path()},
                   options);
  }

  static std::map<std::string, std::string> results(const Observation& seen) {
    std::map<std::string, std::string> found;
    std::istringstream lines(seen.outcome.out);
    for (std::string name, result; lines >> name >> result;) found[name] = result;
    return found;
  }

  TemporaryDirectory directory_;
};

TEST_P(Files, OperationsAreRefusedAsAppArmorDoes) {
  const Observation seen = attempt();
  EXPECT_EQ(seen.outcome.code(), 0) << seen.outcome.err;
  EXPECT_EQ(results(seen), kExpected);
  const auto denied =
      matching(seen.events, {{"type", "file.mkdir"}, {"file.path", directory_.path("directory")}});
  ASSERT_EQ(denied.size(), 1U);
  EXPECT_EQ(field(denied[0], "verdict"), "denied");
  EXPECT_EQ(field(denied[0], "profile"), "service");
  EXPECT_EQ(field(denied[0], "denied"), "c");
  EXPECT_EQ(matching(seen.events, {{"type", "file.inherit"},
                                   {"profile", "reader"},
                                   {"file.path", directory_.path("secret")}})
                .size(),
            1U);
  const auto audited = matching(
      seen.events,
      {{"type", "file.open"}, {"file.path", directory_.path("audited")}, {"profile", "service"}});
  ASSERT_EQ(audited.size(), 1U);
  EXPECT_TRUE(audited[0].value("audited", false));
}

TEST_P(Files, ComplainAllowsAndReportsButDenyDenies) {
  const Observation seen = attempt({"--complain"});
  EXPECT_EQ(seen.outcome.code(), 0) << seen.outcome.err;
  auto found = results(seen);
  for (const char* name : {"create_other", "append_by_write", "mkdir", "lock_other"})
    EXPECT_EQ(found[name], "ok") << name;
  for (const char* name : {"write_denied", "unlink_other", "chmod_other", "exec_denied"})
    EXPECT_EQ(found[name], "EACCES") << name;
  EXPECT_EQ(matching(seen.events, {{"type", "file.mkdir"}, {"verdict", "complain"}}).size(), 1U);
}

TEST_P(Files, DenialsOnlyShowsNothingElse) {
  const Observation seen = attempt({"--denials"});
  EXPECT_EQ(results(seen), kExpected);
  for (const auto& event : seen.events) {
    if (field(event, "type") == "aspis.summary") continue;
    EXPECT_TRUE(field(event, "verdict") == "denied" || event.value("audited", false)) << event;
    EXPECT_FALSE(event.value("quiet", false)) << event;
  }
}

INSTANTIATE_TEST_SUITE_P(Hooks, Files, testing::Values("lsm", "fmod_ret"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace aspis::test
