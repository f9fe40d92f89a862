// SPDX-License-Identifier: Apache-2.0
// What of a process's environment changes what code Python runs.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace aspis {

struct PythonEnvironment {
  std::vector<std::string> variables;  ///< NAME=VALUE, in their order
  bool cut = false;                    ///< there is more, or one is longer
};

/// The variables PYTHON… of a process, as many and as long as is reasonable. Empty where it cannot
/// be read any more. What stands there now: the process may write to it, too.
PythonEnvironment python_environment(pid_t pid);

}  // namespace aspis
