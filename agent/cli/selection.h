// SPDX-License-Identifier: Apache-2.0
// Which processes are observed, with all that they start.
#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

#include "agent/watch/session.h"
#include "base/fd.h"
#include "base/result.h"

namespace aspis {

struct Selection {
  std::vector<pid_t> pids;
  std::vector<std::string> exes;     ///< files that they run
  std::vector<std::string> cgroups;  ///< directories
  bool python = false;               ///< those that run an interpreter
  bool all = false;

  /// Whether processes that are started later are chosen by what they are.
  [[nodiscard]] bool by_exec() const { return python || !exes.empty() || !cgroups.empty(); }
};

/// What loading must know of it.
void prepare(ObserverOptions& options, const Selection& selection);

/// Tells the kernel side what to track, from now on; those that run already are told of as
/// process.found. Returns a pidfd of each of `pids`.
Result<std::vector<Fd>> select(Session& session, const Selection& selection);

}  // namespace aspis
