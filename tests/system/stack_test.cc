// SPDX-License-Identifier: Apache-2.0
// The stacks of events: tests/e2e/test_stacks.py, in guests, too.
#include <gtest/gtest.h>

#include "tests/system/aspis_run.h"

namespace aspis::test {
namespace {

TEST(Stack, IsWhatPythonTells) {
  if (system_python().empty()) GTEST_SKIP() << "/usr/bin/python3 is not installed";
  const Outcome outcome = run({system_python(), ASPIS_SOURCE_DIR "/tests/e2e/test_stacks.py"}, 1400,
                              {{"ASPIS", aspis_binary()}});
  if (outcome.code() == 77) GTEST_SKIP() << outcome.out;
  EXPECT_EQ(outcome.code(), 0) << outcome.out << outcome.err;
}

}  // namespace
}  // namespace aspis::test
