// SPDX-License-Identifier: Apache-2.0
// What of a process's environment changes what code Python runs.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace aspis {

/// Its variables PYTHON…, as NAME=VALUE in their order, each cut to a bounded length. Empty where
/// it cannot be read any more. What stands there now: the process may write to it, too.
std::vector<std::string> python_environment(pid_t pid);

}  // namespace aspis
