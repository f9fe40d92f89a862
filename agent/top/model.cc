// SPDX-License-Identifier: Apache-2.0
#include "agent/top/model.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>
#include <utility>

#include "agent/output/json_members.h"

namespace aspis::top {
namespace {

using nlohmann::json;

/// `seconds` 0: there is nothing to compare with.
Rates rates_of(const json& before, const json& now, double seconds) {
  Rates rates;
  rates.denied_total = number_of(now, "denied");
  rates.complained_total = number_of(now, "complained");
  if (seconds <= 0) return rates;
  const auto rate = [&](const char* key) {
    const std::uint64_t was = number_of(before, key), is = number_of(now, key);
    return is > was ? static_cast<double>(is - was) / seconds : 0;  // less: it is another agent
  };
  rates.events = rate("events");
  rates.denied = rate("denied") + rate("complained");
  return rates;
}

}  // namespace

Model make_model(const json& before, const json& now, const json& status) {
  Model model;
  const double seconds =
      before.is_object() && number_of(now, "time") > number_of(before, "time")
          ? static_cast<double>(number_of(now, "time") - number_of(before, "time")) / 1e9
          : 0;
  model.version = text_of(status, "version");
  model.backend = text_of(status, "backend");
  model.all = rates_of(member_of(before, "counts"), member_of(now, "counts"), seconds);
  model.lost = number_of(now, "lost");

  std::map<std::pair<std::uint64_t, std::uint64_t>, const json*> earlier;
  for (const json& row : member_of(before, "processes"))
    earlier[{number_of(row, "pid"), number_of(row, "start")}] = &member_of(row, "counts");
  std::map<std::string, std::size_t> under;
  for (const json& row : member_of(now, "processes")) {
    const auto was = earlier.find({number_of(row, "pid"), number_of(row, "start")});
    ProcessRow& process = model.processes.emplace_back();
    process.pid = static_cast<std::uint32_t>(number_of(row, "pid"));
    process.start = number_of(row, "start");
    process.python = member_of(row, "python") == true;
    process.exe = text_of(row, "exe");
    process.profile = text_of(row, "profile");
    process.container = text_of(row, "container");
    process.rates =
        rates_of(was == earlier.end() ? json() : *was->second, member_of(row, "counts"), seconds);
    if (!process.profile.empty()) ++under[process.profile];
  }
  std::map<std::string, std::string> modes;
  for (const auto& [name, row] : member_of(status, "profiles").items())
    modes[name] = text_of(row, "mode");
  const json& counts = member_of(now, "profiles");
  for (const auto& [name, row] : counts.items()) modes.try_emplace(name, "");
  for (const auto& [name, mode] : modes)
    model.profiles.push_back({name, mode, under[name],
                              rates_of(member_of(member_of(before, "profiles"), name.c_str()),
                                       member_of(counts, name.c_str()), seconds)});
  return model;
}

void Model::sort(Order order) {
  const auto busy = [order](const Rates& rates) {
    const double denied = order == Order::kDenied ? rates.denied : 0;
    const auto total =
        order == Order::kDenied ? rates.denied_total + rates.complained_total : std::uint64_t{0};
    return order == Order::kName ? std::tuple(0.0, std::uint64_t{0}, 0.0)
                                 : std::tuple(-denied, ~total, -rates.events);
  };
  std::ranges::sort(processes, {}, [&](const ProcessRow& row) {
    return std::tuple(busy(row.rates), order == Order::kName ? row.exe : "", row.pid, row.start);
  });
  std::ranges::sort(profiles, {},
                    [&](const ProfileRow& row) { return std::tuple(busy(row.rates), row.name); });
}

}  // namespace aspis::top
