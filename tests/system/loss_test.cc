// SPDX-License-Identifier: Apache-2.0
// More events than the ring holds: what is missing must be told, to the last event.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "tests/system/aspis_run.h"

namespace aspis::test {
namespace {

/// Floods a file under observation and lets tests/bench/check_loss.py do the sums: opens in the log
/// and opens told as lost against opens done, gaps against the summary, no number twice.
Outcome flood_and_check(int opens, const std::vector<std::string>& options) {
  const TemporaryDirectory directory;
  const std::string log = directory.path("log"), file = directory.path("flooded");
  std::ofstream(file) << "x";
  std::vector<std::string> command = {aspis_binary(), "run", "-o", "json", "--to", log};
  command.insert(command.end(), options.begin(), options.end());
  for (const auto& word :
       {std::string("--"), flood_binary(), std::string("--opens"), std::to_string(opens), file})
    command.push_back(word);
  const Outcome flooded = run(command, 250);
  if (flooded.code() != 0) return flooded;
  return run(
      {"python3", ASPIS_SOURCE_DIR "/tests/bench/check_loss.py", log, std::to_string(opens), file});
}

TEST(Loss, IsToldToTheLastEvent) {
  // Several times what the ring holds; an emulated processor takes minutes for more.
  const int opens = std::getenv("ASPIS_VM_BACKEND") != nullptr ? 20'000 : 100'000;
  const Outcome checked = flood_and_check(opens, {"--buffer-size", "1"});
  EXPECT_EQ(checked.code(), 0) << checked.out << checked.err;
}

TEST(Loss, DoesNotHappenToAFewEvents) {
  const TemporaryDirectory directory;
  const auto seen =
      observe(backends().at("lsm").empty() ? "lsm" : "tracepoint", {"cat", "/etc/hostname"});
  const auto summary = matching(seen.events, {{"type", "aspis.summary"}});
  ASSERT_EQ(summary.size(), 1U);
  EXPECT_EQ(field(summary[0], "lost.total"), "0");
  EXPECT_TRUE(matching(seen.events, {{"type", "aspis.gap"}}).empty());
}

}  // namespace
}  // namespace aspis::test
