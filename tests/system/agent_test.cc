// SPDX-License-Identifier: Apache-2.0
// aspis agent: profiles of the whole machine. In guests only.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/system/aspis_run.h"

namespace aspis::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class Agent : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (const auto why = why_not_confine(GetParam()); !why.empty()) GTEST_SKIP() << why;
  }
};

/// A shell script around an agent. `app` is a program that profiles attach to; `policy RULES…`
/// writes the profile of it, `start OPTIONS…` starts the agent and waits for it, `says TEXT` waits
/// until the agent has said so, `finish` ends it and shows what it wrote.
Outcome script(const std::string& backend, const std::string& text) {
  const TemporaryDirectory directory;
  return run({"sh", "-c", "cd " + directory.path() + R"(
    mkdir profiles; echo password > secret; cp "$DOMAIN" app
    policy() { printf 'profile app %s/app {\n  /** rmix,\n  /dev/** rw,\n%s\n}\n' "$PWD" "$*" > profiles/app; }
    says() { until grep -qF -e "$1" err; do sleep 0.2; kill -0 $agent || { cat err; exit 9; }; done; }
    start() { "$ASPIS" agent --no-pin $HOOKS -o json --profiles profiles "$@" > log 2> err & agent=$!; says 'profiles in force'; }
    again() { : > err; kill -HUP $agent; says "$1"; }
    finish() { kill $agent; wait $agent; echo "agent $?"; cat log; cat err >&2; }
)" + text},
             400,
             {{"ASPIS", aspis_binary()},
              {"DOMAIN", domain_binary()},
              {"HOOKS", "--hooks=" + backend + " --stacks=none"}});
}

TEST_P(Agent, AttachesAndReplaces) {
  const Outcome outcome = script(GetParam(), R"(
    mkfifo gate; ./app open=gate current open=secret > early & early=$!; sleep 1
    policy "  audit deny $PWD/secret r,"
    start
    ./app current open=secret
    (exec ./app current)
    sh -c 'cat secret'
    "$DOMAIN" is=app change=nosuch change=app current
    : > gate; wait $early; cat early
    policy ''
    again 'policy replaced'
    ./app open=secret
    echo '  broken' >> profiles/app
    again 'stays'
    ./app current
    mkfifo hold; ./app open=hold current > held & held=$!; sleep 1
    rm profiles/app; printf 'profile other /nowhere {}\n' > profiles/other
    again 'stays'; cat err
    : > hold; wait $held; cat held
    again 'policy replaced'
    ./app current
    finish
)");
  EXPECT_THAT(outcome.out, HasSubstr("current [app]\nopen=secret EACCES\ncurrent [app]\npassword\n"
                                     "is=app EPERM\nchange=nosuch ENOENT\nchange=app 0\n"
                                     "current [app]\n"));
  EXPECT_THAT(outcome.out, HasSubstr("open=gate 0\ncurrent []\nopen=secret 0\n"))
      << "the older one";
  EXPECT_THAT(outcome.out, HasSubstr("open=secret 0\ncurrent [app]\n")) << "the second policy";
  EXPECT_THAT(outcome.out, HasSubstr("app: 1 task")) << "why it cannot be removed";
  EXPECT_THAT(outcome.out, HasSubstr("open=hold 0\ncurrent [app]\n"));
  EXPECT_THAT(outcome.out, HasSubstr("current []\nagent 0\n")) << "removed when nobody had it";
  EXPECT_THAT(outcome.out, HasSubstr(R"("verdict":"denied")"));
  EXPECT_THAT(outcome.out, Not(HasSubstr(R"("type":"process.exec")"))) << "denials only";
}

TEST_P(Agent, RemovesByForceAndListsTheUnconfined) {
  const Outcome outcome = script(GetParam(), R"(
    policy "  deny $PWD/secret r,"
    mkfifo gate; ./app open=gate > early & early=$!; sleep 1
    start --force
    cat err; : > gate; wait $early
    mkfifo hold; ./app current open=hold current open=secret > held & held=$!; sleep 1
    rm profiles/app; printf 'profile other /nowhere {}\n' > profiles/other
    again 'policy replaced'; cat err
    : > hold; wait $held; cat held
    finish
)");
  EXPECT_THAT(outcome.out, HasSubstr("runs unconfined: it is older than the profile app"));
  EXPECT_THAT(outcome.out, HasSubstr("unconfined from now on"));
  EXPECT_THAT(outcome.out, HasSubstr("current [app]\nopen=hold 0\ncurrent []\nopen=secret 0\n"));
}

TEST_P(Agent, StrictKeepsThePolicyInForce) {
  const Outcome outcome = script(GetParam(), R"(
    policy "  deny $PWD/secret r,"
    start --strict
    policy '  dbus,'
    again 'stays'; cat err
    ./app open=secret
    policy '  userns,'
    : > err; kill -HUP $agent; until grep -qE 'stays|policy replaced' err; do sleep 0.2; done; cat err
    finish
    policy '  dbus,'
    "$ASPIS" run $HOOKS --strict --profile profiles/app -- ./app current 2>&1; echo "run $?"
    "$ASPIS" run $HOOKS --denials --to=log --profile profiles/app -- ./app current 2>&1; echo "run $?"
)");
  EXPECT_THAT(outcome.out, HasSubstr("error: dbus rules are not enforced"));
  EXPECT_THAT(outcome.out, HasSubstr("open=secret EACCES\n")) << "the policy before";
  if (GetParam() == std::string("fmod_ret")) {
    EXPECT_THAT(outcome.out, HasSubstr("userns rules are not enforced here"));
    EXPECT_THAT(outcome.out, HasSubstr("the policy in force stays"));
    EXPECT_THAT(outcome.out, Not(HasSubstr("policy replaced")));
  } else {
    EXPECT_THAT(outcome.out, HasSubstr("policy replaced"));
  }
  EXPECT_THAT(outcome.out, HasSubstr("run 125\n"));
  EXPECT_THAT(outcome.out, HasSubstr("current [app]\nrun 0\n")) << "a warning only";
}

INSTANTIATE_TEST_SUITE_P(Backends, Agent, testing::Values("lsm", "fmod_ret"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace aspis::test
