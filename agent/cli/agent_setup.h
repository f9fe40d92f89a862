// SPDX-License-Identifier: Apache-2.0
// What aspis agent does, from its options or from its configuration: one or the other.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/cli/agent_policy.h"
#include "agent/cli/options.h"
#include "agent/cli/selection.h"
#include "agent/config/config.h"
#include "agent/control/server.h"
#include "agent/kernel/adopt.h"
#include "agent/watch/session.h"
#include "base/result.h"

namespace CLI {
class App;
}

namespace aspis {

/// As they were written.
struct AgentArguments {
  std::string config;  ///< empty: the usual file, unless `profiles` were given
  bool check = false;
  WatchOptions watch;
  PolicyOptions policy;
  std::string hook_config;
  std::string socket = "/run/aspis/aspis.sock";
  std::vector<std::string> profiles;
  unsigned memory_mib = 16;
  bool complain = false;
  bool all_events = false;
  bool force = false;
  bool no_pin = false, uninstall = false;
  std::string pins{kPinDirectory};
};

void add_agent_arguments(CLI::App& app, AgentArguments& arguments);

struct AgentSetup {
  SessionOptions session;  ///< all but its policy
  AgentPolicyOptions policy;
  Selection selection;
  std::optional<ServerOptions> server;
  std::string metrics;  ///< where they are answered; empty: nowhere
  bool watch = false;   ///< the policy is read again when its files change
};

/// Where what is to be uninstalled is pinned.
Result<std::string> pins_of(const AgentArguments& arguments);

/// Reads the configuration, if there is one, and opens the outputs, unless this is a check. Fails
/// with all that is wrong.
Result<AgentSetup> agent_setup(const AgentArguments& arguments);

}  // namespace aspis
