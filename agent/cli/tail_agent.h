// SPDX-License-Identifier: Apache-2.0
// aspis tail, where an agent runs: its events, as long as it is there, and again when it is back.
#pragma once

#include <string>

#include "agent/cli/options.h"
#include "base/result.h"

namespace aspis {

/// Writes the agent's events until a signal ends it, or its output fails. Fails, with errno of
/// connect(2), if there is no agent at the start.
Result<> follow_agent(const WatchOptions& options, const std::string& socket);

}  // namespace aspis
