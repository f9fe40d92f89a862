// SPDX-License-Identifier: Apache-2.0
// Exit codes, as documented in README.md. Those of `run` are the ones of env(1), timeout(1) and
// others that start a command.
#pragma once

namespace aspis {

enum ExitCode : int {
  kExitOk = 0,
  kExitFailed = 1,       ///< tail, probe: could not do it, or the output is not complete
  kExitUsage = 2,        ///< tail, probe: wrong options
  kExitRunFailed = 125,  ///< run: Aspis failed, before the command started or in writing its events
  kExitCannotExecute = 126,
  kExitNotFound = 127,
};

}  // namespace aspis
