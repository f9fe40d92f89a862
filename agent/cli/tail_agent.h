// SPDX-License-Identifier: Apache-2.0
// aspis tail, where an agent runs: its events, as long as it is there, and again when it is back;
// and before them, what its log says of the past.
#pragma once

#include <optional>
#include <string>

#include "agent/cli/options.h"
#include "base/result.h"

namespace aspis {

/// What has happened before, from a log.
struct Past {
  std::string log;         ///< file of an output of JSON lines, of type log or file
  std::int64_t since = 0;  ///< ns since 1970
};

/// The log of the configuration that has all of JSON: the first output of type log or file. Fails
/// if there is none.
Result<std::string> configured_log();

/// Writes the agent's events until a signal ends it, or its output fails. Fails, with errno of
/// connect(2), if there is no agent at the start; with a past, that is shown all the same, and then
/// it ends.
Result<> follow_agent(const WatchOptions& options, const std::string& socket,
                      const std::optional<Past>& past);

}  // namespace aspis
