// SPDX-License-Identifier: Apache-2.0
// Where an agent keeps how far a log has come.
#pragma once

#include <string>

namespace aspis {

/// File in the agent's directory of state, for the log with this absolute path.
std::string log_state_file(const std::string& directory, const std::string& path);

}  // namespace aspis
