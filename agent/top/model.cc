// SPDX-License-Identifier: Apache-2.0
#include "agent/top/model.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>
#include <utility>

namespace aspis::top {
namespace {

using nlohmann::json;

const json& member(const json& object, const char* key) {
  static const json none;
  const auto found = object.find(key);
  return found == object.end() ? none : *found;
}

std::uint64_t number(const json& object, const char* key) {
  const json& value = member(object, key);
  return value.is_number_unsigned() ? value.get<std::uint64_t>() : 0;
}

std::string text(const json& object, const char* key) {
  const json& value = member(object, key);
  return value.is_string() ? value.get<std::string>() : std::string();
}

/// `seconds` 0: there is nothing to compare with.
Rates rates_of(const json& before, const json& now, double seconds) {
  Rates rates;
  rates.denied_total = number(now, "denied");
  rates.complained_total = number(now, "complained");
  if (seconds <= 0) return rates;
  const auto rate = [&](const char* key) {
    const std::uint64_t was = number(before, key), is = number(now, key);
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
      before.is_object() && number(now, "time") > number(before, "time")
          ? static_cast<double>(number(now, "time") - number(before, "time")) / 1e9
          : 0;
  model.version = text(status, "version");
  model.backend = text(status, "backend");
  model.all = rates_of(member(before, "counts"), member(now, "counts"), seconds);
  model.lost = number(now, "lost");

  std::map<std::pair<std::uint64_t, std::uint64_t>, const json*> earlier;
  for (const json& row : member(before, "processes"))
    earlier[{number(row, "pid"), number(row, "start")}] = &member(row, "counts");
  std::map<std::string, std::size_t> under;
  for (const json& row : member(now, "processes")) {
    const auto was = earlier.find({number(row, "pid"), number(row, "start")});
    ProcessRow& process = model.processes.emplace_back();
    process.pid = static_cast<std::uint32_t>(number(row, "pid"));
    process.start = number(row, "start");
    process.python = member(row, "python") == true;
    process.exe = text(row, "exe");
    process.profile = text(row, "profile");
    process.container = text(row, "container");
    process.rates =
        rates_of(was == earlier.end() ? json() : *was->second, member(row, "counts"), seconds);
    if (!process.profile.empty()) ++under[process.profile];
  }
  std::map<std::string, std::string> modes;
  for (const auto& [name, row] : member(status, "profiles").items())
    modes[name] = text(row, "mode");
  const json& counts = member(now, "profiles");
  for (const auto& [name, row] : counts.items()) modes.try_emplace(name, "");
  for (const auto& [name, mode] : modes)
    model.profiles.push_back({name, mode, under[name],
                              rates_of(member(member(before, "profiles"), name.c_str()),
                                       member(counts, name.c_str()), seconds)});
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
