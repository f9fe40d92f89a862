// SPDX-License-Identifier: Apache-2.0
// What a running agent takes of the machine's memory. In guests only.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/system/agent_script.h"

namespace aspis::test {
namespace {

TEST(AgentMemory, StaysBelow40MebibytesWithAHundredProfiles) {
  if (const auto why = why_not_confine("lsm"); !why.empty()) GTEST_SKIP() << why;
  if (!std::filesystem::exists("/etc/apparmor.d/abstractions/nameservice"))
    GTEST_SKIP() << "no abstractions of AppArmor are here";
  const Outcome outcome = agent_script(R"sh(
    mkdir state; echo 'policy_memory: 64' | config
    for i in $(seq 100); do
      printf 'include <tunables/global>\nprofile service%d /srv/service%d/app {\n' $i $i
      printf '  include <abstractions/%s>\n' base nameservice python
      for rule in $(seq 30); do printf '  /srv/service%d/data%d/** rw,\n' $i $rule; done
      echo '  deny /etc/shadow r,'; echo '  network inet stream,'; echo '}'
    done | csplit -s -z -f profiles/service - '/^include <tun/' '{*}'
    check() { awk -v when="$1" '/^VmRSS/ { print when, $2; print when, $2 <= 40 * 1024 ? "small" : "LARGE" }' /proc/$agent/status; }
    start; grep -o '[0-9]* profiles in force' err; sleep 3; check started
    for i in 1 2 3; do : > err; kill -HUP $agent; says 'policy replaced'; sleep 3; check again; done
    finish
  )sh");
  EXPECT_THAT(outcome.out, testing::HasSubstr("100 profiles in force\n")) << outcome.err;
  EXPECT_THAT(outcome.out,
              testing::ContainsRegex("started small\n(again [0-9]+\nagain small\n){3}agent 0\n"));
  RecordProperty("resident_set", outcome.out);
}

}  // namespace
}  // namespace aspis::test
