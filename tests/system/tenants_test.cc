// SPDX-License-Identifier: Apache-2.0
// tests/e2e/test_tenants.py: a real service of several users under a profile. In guests only, as it
// needs a backend that refuses and does not kill.
#include <gtest/gtest.h>

#include "tests/system/aspis_run.h"

namespace aspis::test {
namespace {

TEST(Tenants, NeitherReadsTheOthersFiles) {
  const std::string backend = backends().at("lsm").empty() ? "lsm" : "fmod_ret";
  const std::string why = why_not_confine(backend);
  if (!why.empty()) GTEST_SKIP() << why;
  const Outcome outcome =
      run({"/usr/bin/python3", ASPIS_SOURCE_DIR "/tests/e2e/test_tenants.py", backend}, 500);
  if (outcome.code() == 77) GTEST_SKIP() << outcome.out;
  EXPECT_EQ(outcome.code(), 0) << outcome.out << outcome.err;
}

}  // namespace
}  // namespace aspis::test
