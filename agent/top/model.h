// SPDX-License-Identifier: Apache-2.0
// What aspis top knows: two looks at the agent's counts (agent/control/activity.h), and what lies
// between them.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace aspis::top {

struct Rates {
  double events = 0, denied = 0;  ///< per second; denied: complained too
  std::uint64_t denied_total = 0, complained_total = 0;
};

struct ProcessRow {
  std::uint32_t pid = 0;
  std::uint64_t start = 0;
  bool python = false;
  std::string exe, profile, container;
  Rates rates;
};

struct ProfileRow {
  std::string name, mode;
  std::size_t processes = 0;  ///< among those that are known
  Rates rates;
};

enum class Order { kDenied, kEvents, kName };

struct Model {
  std::string version, backend;
  Rates all;
  std::uint64_t lost = 0;
  std::vector<ProcessRow> processes;
  std::vector<ProfileRow> profiles;

  /// The busiest first: by what was denied in a second, then by events, then by pid or name.
  void sort(Order order);
};

/// `before` may be null (the first look): then all rates are 0. `status`: the answer to the request
/// "status", for what the counts do not have: modes, and profiles that were never used. What is
/// missing or of another type is left out.
Model make_model(const nlohmann::json& before, const nlohmann::json& now,
                 const nlohmann::json& status);

}  // namespace aspis::top
