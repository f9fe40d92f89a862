// SPDX-License-Identifier: Apache-2.0
// aspis probe, and the choice of a backend by what really works.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/system/aspis_run.h"

namespace aspis::test {
namespace {

using testing::HasSubstr;

TEST(Probe, PrintsATable) {
  const Outcome outcome = run({aspis_binary(), "probe"});
  EXPECT_EQ(outcome.code(), 0) << outcome.err;
  for (const char* row :
       {"kernel", "hooks: lsm", "hooks: fmod_ret", "hooks: tracepoint", "in use", "task iterator",
        "signed code at open", "rules on audit events", "CPython"})
    EXPECT_THAT(outcome.out, HasSubstr(row));
}

TEST(Probe, ChoosesFmodRetWhereLsmProgramsAreNeverCalled) {
  const char* boot = std::getenv("ASPIS_VM_BACKEND");
  if (boot == nullptr || std::string(boot) != "nolsm")
    GTEST_SKIP() << "not a guest without bpf in lsm=";
  EXPECT_THAT(backends().at("lsm"), HasSubstr("never called"));
  EXPECT_EQ(backends().at("fmod_ret"), "");
  const auto seen = observe("fmod_ret", {"cat", "/etc/hostname"});
  EXPECT_EQ(matching(seen.events, {{"type", "file.open"}, {"file.path", "/etc/hostname"}}).size(),
            1U);
}

}  // namespace
}  // namespace aspis::test
