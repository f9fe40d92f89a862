// SPDX-License-Identifier: Apache-2.0
// Programs that change their own profile: change_profile, change_onexec, stacks, hats. Expected
// answers are those of AppArmor (security/apparmor/domain.c), where an agent's own are not meant.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "tests/system/aspis_run.h"

namespace aspis::test {
namespace {

constexpr const char* kPython = R"(
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

/// Each program begins under the profile "start", with a line of its own before what it says. One
/// run for all of them: loading takes most of the time.
constexpr const char* kScript = R"(
section() { echo "== $1"; shift; "$@"; echo "exit $?"; }
section rule $DOMAIN current is=start is=other change=nosuch change=lonely hold=$SECRET read_held \
  change=serving current is=serving is=start//serving open=$SECRET read_held change=start thread=start
section thread $DOMAIN thread=serving current open=$SECRET
section stack $DOMAIN no_new_privs change=other change=\&extra current open=$SECRET change=other
section exec $DOMAIN onexec=by_exec current exec current open=$SECRET
section free_exec $DOMAIN onexec=unconfined exec is=start open=$SECRET
section other_exec $DOMAIN onexec=not_by_exec exec current
section hat $DOMAIN leave=7 hat=none:7 hat=serving:7 hat=first:7 current open=$SECRET hat=second:7 \
  current leave=7 current open=$SECRET hat=first:7 leave=8 current
section listen $DOMAIN change=listener open=$SECRET hold=$SECRET listen current open=$SECRET read_held \
  listen current
section lost $DOMAIN change=lost listen current
section join $DOMAIN no_new_privs change=joiner
section joined $DOMAIN change=joiner no_new_privs listen current open=$SECRET
section python $PYTHON -c "$PROGRAM" $SECRET
)";

class Changes : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (const auto why = why_not_confine(GetParam()); !why.empty()) GTEST_SKIP() << why;
    std::ofstream(secret()) << "password\n";
    std::ofstream(profile()) << policy();
  }

  [[nodiscard]] std::string secret() const { return directory_.path("secret"); }
  [[nodiscard]] std::string profile() const { return directory_.path("profile"); }

  [[nodiscard]] std::string policy() const {
    const std::string quiet = "  /** rmix,\n  /dev/** rw,\n  network,\n  unix,\n";
    const std::string tight = quiet + "  audit deny " + secret() + " r,\n";
    return "profile start {\n" + quiet + "  change_profile -> start//serving,\n" +
           "  change_profile -> {other,gone,listener,lost,joiner},\n  change_profile -> &extra,\n  "
           "change_profile " +
           domain_binary() +
           " -> by_exec,\n  change_profile /usr/bin/false -> not_by_exec,\n  change_profile " +
           domain_binary() + " -> unconfined,\n" + "  profile serving {\n" + tight + "  }\n" +
           "  ^first {\n" + tight + "  }\n  ^second {\n" + quiet + "  }\n}\n" +
           "profile listener {\n" + quiet +
           "  change_profile on listen -> listener//busy,\n  profile busy {\n" + tight +
           "  }\n}\nprofile lost {\n" + quiet + "  change_profile on listen -> gone,\n}\n" +
           "profile joiner {\n" + quiet + "  change_profile on listen -> &extra,\n}\n" +
           "profile other {\n" + quiet + "}\nprofile lonely {\n" + quiet + "}\nprofile extra {\n" +
           tight + "}\nprofile by_exec {\n" + tight + "}\nprofile not_by_exec {\n" + quiet + "}\n";
  }

  Observation observe_script(const std::string& script, const std::vector<std::string>& options) {
    std::vector<std::string> all = {"--profile", profile() + ":start"};
    all.insert(all.end(), options.begin(), options.end());
    return observe(
        GetParam(),
        {"env", "DOMAIN=" + domain_binary(), "SECRET=" + secret(), "PYTHON=" + system_python(),
         std::string("PROGRAM=") + kPython, "sh", "-c", script},
        all);
  }

  const TemporaryDirectory directory_;
};

/// The lines of each section.
std::map<std::string, std::string> sections(const std::string& out) {
  std::map<std::string, std::string> found;
  std::istringstream lines(out);
  std::string name;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("== "))
      name = line.substr(3);
    else
      found[name] += line + "\n";
  }
  return found;
}

TEST_P(Changes, AsRulesHatsAndTheirTokensAllow) {
  if (system_python().empty()) GTEST_SKIP() << "no python3";
  const auto seen = observe_script(kScript, {});
  auto found = sections(seen.outcome.out);
  const std::string open = "open=" + secret() + " ";
  EXPECT_EQ(found["rule"],
            "current [start]\nis=start 0\nis=other EPERM\nchange=nosuch ENOENT\n"
            "change=lonely EACCES\nhold=" +
                secret() +
                " 0\nread_held 0\nchange=serving 0\ncurrent [start//serving]\n"
                "is=serving EPERM\nis=start//serving 0\n" +
                open +
                "EACCES\nread_held EACCES\nchange=start EACCES\n"
                "thread=start EACCES[start//serving]\nexit 0\n")
      << seen.outcome.err;
  EXPECT_EQ(found["thread"],
            "thread=serving 0[start//serving]\ncurrent [start]\n" + open + "0\nexit 0\n");
  EXPECT_EQ(found["stack"],
            "no_new_privs 0\nchange=other EPERM\nchange=&extra 0\n"
            "current [start//&extra]\n" +
                open + "EACCES\nchange=other EACCES\nexit 0\n");
  EXPECT_EQ(found["exec"],
            "onexec=by_exec 0\ncurrent [start]\ncurrent [by_exec]\n" + open + "EACCES\nexit 0\n");
  EXPECT_EQ(found["free_exec"], "onexec=unconfined 0\nis=start EPERM\n" + open + "0\nexit 0\n");
  EXPECT_EQ(found["other_exec"], "onexec=not_by_exec 0\nexec EACCES\ncurrent [start]\nexit 0\n");
  EXPECT_EQ(found["hat"],
            "leave=7 0\nhat=none:7 ENOENT\nhat=serving:7 EPERM\nhat=first:7 0\n"
            "current [start//first]\n" +
                open +
                "EACCES\nhat=second:7 0\ncurrent [start//second]\nleave=7 0\n"
                "current [start]\n" +
                open + "0\nhat=first:7 0\nexit 137\n");
  EXPECT_EQ(found["listen"],
            "change=listener 0\n" + open + "0\nhold=" + secret() +
                " 0\nlisten 0\ncurrent [listener//busy]\n" + open +
                "EACCES\nread_held EACCES\nlisten 0\ncurrent [listener//busy]\nexit 0\n");
  EXPECT_EQ(found["lost"], "change=lost 0\nlisten EACCES\ncurrent [lost]\nexit 0\n");
  EXPECT_EQ(found["join"], "no_new_privs 0\nchange=joiner EPERM\nexit 0\n");
  EXPECT_EQ(found["joined"],
            "change=joiner 0\nno_new_privs 0\nlisten 0\ncurrent [joiner//&extra]\n" + open +
                "EACCES\nexit 0\n");
  EXPECT_EQ(found["python"], "True True\nTrue False\nTrue True\nTrue False\nexit 0\n");

  const auto told = [&](std::vector<std::pair<std::string, std::string>> fields) {
    fields.emplace_back("type", "privilege.change_profile");
    return matching(seen.events, fields).size();
  };
  EXPECT_EQ(told({{"verdict", "allowed"}, {"privilege.name", "start//serving"}}), 0U);
  EXPECT_EQ(told({{"verdict", "allowed"}, {"privilege.name", "serving"}}), 3U);
  EXPECT_EQ(told({{"verdict", "denied"}, {"profile", "start"}, {"privilege.name", "lonely"}}), 1U);
  EXPECT_EQ(told({{"verdict", "allowed"}, {"privilege.name", "listener//busy"}}), 1U);
  EXPECT_EQ(told({{"verdict", "denied"}, {"profile", "lost"}}), 1U);
  EXPECT_EQ(told({{"info", "the request could not be read"}}), 1U);
  EXPECT_FALSE(matching(seen.events,
                        {{"type", "file.inherit"}, {"file.path", secret()}, {"verdict", "denied"}})
                   .empty());
}

TEST_P(Changes, ComplainMakesUpWhatIsMissing) {
  const auto seen = observe_script("$DOMAIN change=nosuch open=$SECRET", {"--complain"});
  EXPECT_EQ(seen.outcome.out, "change=nosuch 0\nopen=" + secret() + " 0\n") << seen.outcome.err;
  EXPECT_FALSE(
      matching(seen.events, {{"type", "privilege.change_profile"}, {"verdict", "complain"}})
          .empty());
}

INSTANTIATE_TEST_SUITE_P(Backends, Changes, testing::Values("lsm", "fmod_ret"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace aspis::test
