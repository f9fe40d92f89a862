// SPDX-License-Identifier: Apache-2.0
#include "agent/top/model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace aspis::top {
namespace {

using nlohmann::json;
using testing::ElementsAre;

json counts(std::uint64_t events, std::uint64_t denied, std::uint64_t complained = 0) {
  return {{"events", events}, {"denied", denied}, {"complained", complained}};
}

json process(unsigned pid, std::uint64_t start, const json& counts) {
  return {{"pid", pid},       {"start", start}, {"exe", "/bin/p" + std::to_string(pid)},
          {"profile", "web"}, {"python", true}, {"counts", counts}};
}

TEST(Model, RatesAreWhatLiesBetweenTwoLooks) {
  const json status = {
      {"version", "1"},
      {"backend", "lsm"},
      {"profiles", {{"web", {{"mode", "enforce"}}}, {"idle", {{"mode", "complain"}}}}}};
  const json before = {{"time", 1'000'000'000U},
                       {"counts", counts(100, 1)},
                       {"lost", 0U},
                       {"processes", {process(7, 1, counts(90, 1)), process(8, 1, counts(5, 0))}},
                       {"profiles", {{"web", counts(95, 1)}}}};
  const json now = {{"time", 3'000'000'000U},
                    {"counts", counts(300, 5, 2)},
                    {"lost", 4U},
                    {"processes", {process(7, 1, counts(100, 1)), process(8, 2, counts(20, 4, 2))}},
                    {"profiles", {{"web", counts(120, 5, 2)}}}};
  Model model = make_model(before, now, status);
  EXPECT_EQ(model.lost, 4U);
  EXPECT_DOUBLE_EQ(model.all.events, 100);
  EXPECT_DOUBLE_EQ(model.all.denied, 3);
  ASSERT_EQ(model.processes.size(), 2U);
  EXPECT_DOUBLE_EQ(model.processes[0].rates.events, 5);
  EXPECT_DOUBLE_EQ(model.processes[1].rates.events, 10) << "pid 8 is another process now";
  ASSERT_EQ(model.profiles.size(), 2U);
  EXPECT_EQ(model.profiles[0].name, "idle");
  EXPECT_EQ(model.profiles[0].mode, "complain");
  EXPECT_EQ(model.profiles[1].processes, 2U);
  EXPECT_DOUBLE_EQ(model.profiles[1].rates.denied, 3);

  const auto pids = [&] {
    std::vector<unsigned> found;
    for (const auto& row : model.processes) found.push_back(row.pid);
    return found;
  };
  model.sort(Order::kName);
  EXPECT_THAT(pids(), ElementsAre(7, 8));
  model.sort(Order::kDenied);
  EXPECT_THAT(pids(), ElementsAre(8, 7));
  model.sort(Order::kEvents);
  EXPECT_THAT(pids(), ElementsAre(8, 7));
}

TEST(Model, AFirstLookAndAnotherAgentHaveNoRates) {
  const json now = {{"time", 5U},
                    {"counts", counts(10, 3)},
                    {"processes", {process(7, 1, counts(10, 3))}},
                    {"profiles", json::object()}};
  EXPECT_EQ(make_model({}, now, {}).all.events, 0);
  EXPECT_EQ(make_model({}, now, {}).all.denied_total, 3U);
  json before = now;
  before["counts"] = counts(1000, 900);
  before["time"] = 1U;
  EXPECT_EQ(make_model(before, now, {}).all.events, 0);
  EXPECT_NO_THROW(make_model(json::array(), {{"processes", 5}}, {{"profiles", "x"}}));
}

}  // namespace
}  // namespace aspis::top
