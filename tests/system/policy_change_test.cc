// SPDX-License-Identifier: Apache-2.0
// Programs that change their own profile: change_profile, change_onexec, stacks, hats. Expected
// answers are those of AppArmor (security/apparmor/domain.c), where an agent's own are not meant.
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>

#include "tests/system/aspis_run.h"

namespace aspis::test {
namespace {

class Changes : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const std::string backend = GetParam();
    if (const auto found = backends().find(backend); found == backends().end())
      FAIL() << "aspis probe says nothing of " << backend;
    else if (!found->second.empty())
      GTEST_SKIP() << backend << " " << found->second;
    if (std::getenv("ASPIS_VM_BACKEND") == nullptr)
      GTEST_SKIP() << "confines processes: in guests only";
    std::ofstream(secret()) << "password\n";
    std::ofstream(profile()) << policy();
  }

  [[nodiscard]] std::string secret() const { return directory_.path("secret"); }
  [[nodiscard]] std::string profile() const { return directory_.path("profile"); }

  [[nodiscard]] std::string policy() const {
    const std::string quiet = "  /** rmix,\n  /dev/** rw,\n  network,\n  unix,\n";
    const std::string tight = quiet + "  audit deny " + secret() + " r,\n";
    return "profile start {\n" + quiet + "  change_profile -> start//serving,\n" +
           "  change_profile -> {other,gone},\n  change_profile -> &extra,\n  change_profile " +
           domain_binary() + " -> by_exec,\n  change_profile /usr/bin/false -> not_by_exec,\n" +
           "  profile serving {\n" + tight + "  }\n" + "  ^first {\n" + tight +
           "  }\n  ^second {\n" + quiet + "  }\n}\n" + "profile other {\n" + quiet +
           "}\nprofile lonely {\n" + quiet + "}\nprofile extra {\n" + tight +
           "}\nprofile by_exec {\n" + tight + "}\nprofile not_by_exec {\n" + quiet + "}\n";
  }

  /// One line each: the step, and what came of it.
  Observation steps(std::vector<std::string> list, std::vector<std::string> options = {}) {
    options.insert(options.end(), {"--profile", profile() + ":start"});
    list.insert(list.begin(), domain_binary());
    return observe(GetParam(), list, options);
  }

  const TemporaryDirectory directory_;
};

TEST_P(Changes, ByRuleAndForGood) {
  const auto seen =
      steps({"current", "is=start", "is=other", "change=nosuch", "change=lonely",
             "hold=" + secret(), "read_held", "change=serving", "current", "is=serving",
             "is=start//serving", "open=" + secret(), "read_held", "change=start", "thread=start"});
  EXPECT_EQ(seen.outcome.out,
            "current [start]\nis=start 0\nis=other EPERM\n"
            "change=nosuch ENOENT\nchange=lonely EACCES\nhold=" +
                secret() +
                " 0\nread_held 0\nchange=serving 0\ncurrent [start//serving]\n"
                "is=serving EPERM\nis=start//serving 0\nopen=" +
                secret() +
                " EACCES\nread_held EACCES\nchange=start EACCES\n"
                "thread=start EACCES[start//serving]\n")
      << seen.outcome.err;
  EXPECT_EQ(matching(seen.events, {{"type", "privilege.change_profile"},
                                   {"verdict", "allowed"},
                                   {"privilege.name", "serving"}})
                .size(),
            1);
  EXPECT_FALSE(matching(seen.events, {{"type", "privilege.change_profile"},
                                      {"verdict", "denied"},
                                      {"profile", "start"},
                                      {"privilege.name", "lonely"}})
                   .empty());
  EXPECT_FALSE(matching(seen.events,
                        {{"type", "file.inherit"}, {"file.path", secret()}, {"verdict", "denied"}})
                   .empty());
}

TEST_P(Changes, OneThreadAlone) {
  const auto seen = steps({"thread=serving", "current", "open=" + secret()});
  EXPECT_EQ(seen.outcome.out,
            "thread=serving 0[start//serving]\ncurrent [start]\nopen=" + secret() + " 0\n")
      << seen.outcome.err;
}

TEST_P(Changes, StacksAndNoNewPrivs) {
  const auto seen = steps({"no_new_privs", "change=other", "change=&extra", "current",
                           "open=" + secret(), "change=other"});
  EXPECT_EQ(seen.outcome.out,
            "no_new_privs 0\nchange=other EPERM\nchange=&extra 0\n"
            "current [start//&extra]\nopen=" +
                secret() + " EACCES\nchange=other EACCES\n")
      << seen.outcome.err;
}

TEST_P(Changes, AtExec) {
  const auto seen = steps({"onexec=by_exec", "current", "exec", "current", "open=" + secret()});
  EXPECT_EQ(seen.outcome.out,
            "onexec=by_exec 0\ncurrent [start]\ncurrent [by_exec]\nopen=" + secret() + " EACCES\n")
      << seen.outcome.err;
  const auto other = steps({"onexec=not_by_exec", "exec", "current"});
  EXPECT_EQ(other.outcome.out, "onexec=not_by_exec 0\nexec EACCES\ncurrent [start]\n")
      << other.outcome.err;
}

TEST_P(Changes, HatsAndTheirToken) {
  const auto seen = steps({"leave=7", "hat=none:7", "hat=serving:7", "hat=first:7", "current",
                           "open=" + secret(), "hat=second:7", "current", "leave=7", "current",
                           "open=" + secret(), "hat=first:7", "leave=8", "current"});
  EXPECT_EQ(seen.outcome.out,
            "leave=7 0\nhat=none:7 ENOENT\nhat=serving:7 EPERM\nhat=first:7 0\n"
            "current [start//first]\nopen=" +
                secret() +
                " EACCES\nhat=second:7 0\ncurrent [start//second]\nleave=7 0\n"
                "current [start]\nopen=" +
                secret() + " 0\nhat=first:7 0\n")
      << seen.outcome.err;
  EXPECT_EQ(seen.outcome.signal(), SIGKILL);
}

TEST_P(Changes, ComplainMakesUpWhatIsMissing) {
  const auto seen = steps({"change=nosuch", "open=" + secret()}, {"--complain"});
  EXPECT_EQ(seen.outcome.out, "change=nosuch 0\nopen=" + secret() + " 0\n") << seen.outcome.err;
  EXPECT_FALSE(
      matching(seen.events, {{"type", "privilege.change_profile"}, {"verdict", "complain"}})
          .empty());
}

TEST_P(Changes, ByAuditEvent) {
  if (system_python().empty()) GTEST_SKIP() << "no python3";
  const std::string script = R"(
import ctypes, sys
libc = ctypes.CDLL(None, use_errno=True)
def under(name):
    return libc.prctl(0x41737069, 4, name, 0, 0) == -1 and ctypes.get_errno() >= 3000
def readable():
    try:
        open(sys.argv[1]).close()
        return True
    except PermissionError:
        return False
print(under(b"start"), readable())
sys.audit("aspis.change_hat", "first", 42)
print(under(b"start//first"), readable())
sys.audit("aspis.change_hat", None, 42)
print(under(b"start"), readable())
sys.audit("aspis.change_profile", 17)
sys.audit("aspis.change_profile", "serving")
print(under(b"start//serving"), readable())
)";
  const auto seen = observe(GetParam(), {system_python(), "-c", script, secret()},
                            {"--profile", profile() + ":start"});
  EXPECT_EQ(seen.outcome.out, "True True\nTrue False\nTrue True\nTrue False\n") << seen.outcome.err;
  EXPECT_EQ(
      matching(seen.events, {{"type", "privilege.change_profile"}, {"verdict", "denied"}}).size(),
      1);  // what could not be read
}

INSTANTIATE_TEST_SUITE_P(Backends, Changes, testing::Values("lsm", "fmod_ret"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace aspis::test
