// SPDX-License-Identifier: Apache-2.0
// Rules other than file rules, enforced: capability, signal, ptrace, mount, rlimit, userns,
// io_uring, mqueue. A program does what they are about and says which errno it got; expected ones
// are AppArmor's.
#include <gtest/gtest.h>
#include <mqueue.h>
#include <sys/mount.h>

#include <array>
#include <fstream>
#include <map>
#include <sstream>

#include "tests/system/aspis_run.h"

namespace aspis::test {
namespace {

constexpr const char* kTight = R"(
profile tight {
  file,
  /** ix,
  capability dac_override sys_resource,
  deny capability sys_nice,
  signal (send, receive) set=(term, exists, kill) peer=@{profile_name},
  ptrace (read, readby) peer=@{profile_name},
  deny userns,
  io_uring override_creds,
  set rlimit nofile <= 40,
  mqueue type=posix /aspis-own,
  mqueue (create, read) /aspis-re*,
}
)";

/// What the kernel and the backend cannot do is skipped by name.
const Results kRefused = {
    {"capability", "EPERM"},
    {"nice", "EACCES"},
    {"term", "0"},
    {"exists", "0"},
    {"own", "0"},
    {"usr1", "EACCES"},
    {"init", "EACCES"},
    {"attach", "EACCES"},
    {"traceme", "EACCES"},
    {"limit_is_40", "0"},
    {"limit_raise", "EACCES"},
    {"userns", "EACCES"},
    {"sqpoll", "EACCES"},
    {"limit_lower", "0"},
    {"mq_create", "0"},
    {"mq_create_other", "EACCES"},
    {"mq_read", "0"},
    {"mq_unlink", "0"},
    {"mq_unlink_read", "EACCES"},
    {"mq_write", "EACCES"},
};

struct Done {
  Observation seen;
  Results results;
};

/// Runs the operations under a profile, in a mount namespace of their own.
Done under(const std::string& backend, const std::string& text, const std::string& directory,
           const std::vector<std::string>& operations, std::vector<std::string> options = {}) {
  const std::string file = directory + "/profile";
  std::ofstream(file) << text;
  options.insert(options.end(), {"--profile", file});
  std::vector<std::string> command = {rights_binary(), directory};
  command.insert(command.end(), operations.begin(), operations.end());
  Done done;
  done.seen = observe(backend, command, options);
  done.results = results_of(done.seen.outcome.out);
  return done;
}

std::vector<std::string> names(const Results& results) {
  std::vector<std::string> found;
  for (const auto& [name, result] : results)
    if (name != "limit_lower") found.push_back(name);
  found.emplace_back("limit_lower");  // what follows it has fewer files
  return found;
}

class Privileges : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (const auto why = why_not_confine(GetParam()); !why.empty()) GTEST_SKIP() << why;
  }
  void TearDown() override {
    for (const char* name : {"a", "b", "c"}) ::umount2(directory_.path(name).c_str(), MNT_DETACH);
    for (const char* name : {"/aspis-own", "/aspis-other", "/aspis-read"}) ::mq_unlink(name);
  }
  const TemporaryDirectory directory_;
};

/// security_userns_create() is no place for fmod_ret.
bool cannot_enforce(const std::string& backend, const std::string& name) {
  return backend == "fmod_ret" && name == "userns";
}

TEST_P(Privileges, RefusedWithTheErrnoOfAppArmor) {
  const Done done = under(GetParam(), kTight, directory_.path(), names(kRefused));
  ASSERT_EQ(done.seen.outcome.code(), 0) << done.seen.outcome.err;
  for (const auto& [name, expected] : kRefused) {
    const auto found = done.results.find(name);
    ASSERT_NE(found, done.results.end()) << name;
    if (cannot_enforce(GetParam(), name)) {
      EXPECT_NE(done.seen.outcome.err.find("profile tight: userns rules are not enforced here"),
                std::string::npos)
          << done.seen.outcome.err;
      continue;
    }
    EXPECT_EQ(found->second, expected) << name;
  }
  EXPECT_FALSE(matching(done.seen.events, {{"type", "privilege.kill"},
                                           {"verdict", "denied"},
                                           {"denied", "send"},
                                           {"profile", "tight"},
                                           {"privilege.signal", "SIGUSR1"}})
                   .empty());
  EXPECT_FALSE(matching(done.seen.events, {{"type", "privilege.capable"},
                                           {"verdict", "denied"},
                                           {"privilege.capability", "CAP_SYS_ADMIN"}})
                   .empty());
  EXPECT_FALSE(matching(done.seen.events, {{"type", "privilege.capable"},
                                           {"quiet", "true"},
                                           {"privilege.capability", "CAP_SYS_NICE"}})
                   .empty());
  EXPECT_FALSE(matching(done.seen.events, {{"type", "privilege.rlimit"},
                                           {"verdict", "denied"},
                                           {"privilege.limit", "RLIMIT_NOFILE"}})
                   .empty());
  for (const auto& [type, name, denied] :
       {std::array{"file.mqueue_create", "/aspis-other", "create"},
        std::array{"file.mqueue_unlink", "/aspis-read", "delete"},
        std::array{"file.mqueue_open", "/aspis-read", "write"}})
    EXPECT_FALSE(
        matching(done.seen.events,
                 {{"type", type}, {"verdict", "denied"}, {"denied", denied}, {"file.path", name}})
            .empty())
        << type;
}

/// As in AppArmor, whose kernels have no such rules: a file without a way to the root.
TEST_P(Privileges, QueuesAreDisconnectedFilesToAProfileWithoutRulesOnThem) {
  const std::string rules = " {\n  /** rwmlix,\n}\n";
  const Done none = under(GetParam(), "profile none" + rules, directory_.path(), {"mq_create"});
  ASSERT_EQ(none.seen.outcome.code(), 0) << none.seen.outcome.err;
  EXPECT_EQ(none.results.at("mq_create"), "EACCES");
  const Done attached = under(GetParam(), "profile attached flags=(attach_disconnected)" + rules,
                              directory_.path(), {"mq_create"});
  ASSERT_EQ(attached.seen.outcome.code(), 0) << attached.seen.outcome.err;
  EXPECT_EQ(attached.results.at("mq_create"), "0");
}

TEST_P(Privileges, ComplainReportsAndAllows) {
  const Done done = under(
      GetParam(), kTight, directory_.path(),
      {"capability", "usr1", "attach", "limit_raise", "nice", "mq_create_other"}, {"--complain"});
  ASSERT_EQ(done.seen.outcome.code(), 0) << done.seen.outcome.err;
  for (const char* name : {"capability", "usr1", "attach", "limit_raise", "mq_create_other"})
    EXPECT_EQ(done.results.at(name), "0") << name;
  EXPECT_EQ(done.results.at("nice"), "EACCES");  // a rule that denies denies in complain, too
  for (const char* type : {"privilege.capable", "privilege.kill", "privilege.ptrace",
                           "privilege.rlimit", "file.mqueue_create", "file.mqueue_open"})
    EXPECT_FALSE(matching(done.seen.events, {{"type", type}, {"verdict", "complain"}}).empty())
        << type;
}

TEST_P(Privileges, MountsByKindFlagsAndPaths) {
  const std::string at = directory_.path();
  const std::string profile =
      "profile mounts {\n  file,\n  /** ix,\n  capability,\n  mount options=(nosuid) fstype=tmpfs "
      "-> " +
      at + "/a/,\n  umount " + at + "/b/,\n  remount options=(ro, nosuid) " + at +
      "/a/,\n  mount options=(bind) " + at + "/a/ -> " + at + "/b/,\n}\n";
  const Done done = under(GetParam(), profile, at,
                          {"tmpfs_dev", "tmpfs", "pivot", "remount", "bind_dots", "bind_etc",
                           "bind", "private", "shared", "move", "umount", "umount_b"});
  ASSERT_EQ(done.seen.outcome.code(), 0) << done.seen.outcome.err;
  const Results expected = {
      {"tmpfs_dev", "EACCES"}, {"tmpfs", "0"},       {"remount", "0"},      {"bind_dots", "EACCES"},
      {"bind_etc", "EACCES"},  {"bind", "0"},        {"private", "EACCES"}, {"shared", "EACCES"},
      {"move", "EACCES"},      {"umount", "EACCES"}, {"pivot", "EACCES"},   {"umount_b", "0"},
  };
  EXPECT_EQ(done.results, expected);
  EXPECT_FALSE(matching(done.seen.events, {{"type", "privilege.umount"},
                                           {"verdict", "denied"},
                                           {"denied", "umount"},
                                           {"privilege.path", at + "/a"}})
                   .empty());
}

INSTANTIATE_TEST_SUITE_P(Backends, Privileges, testing::Values("lsm", "fmod_ret"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace aspis::test
