// SPDX-License-Identifier: Apache-2.0
// Where an agent's own files are, for ObserverOptions::guarded.
#pragma once

#include <string>
#include <vector>

#include "agent/config/config.h"
#include "agent/kernel/guarded_place.h"

namespace aspis {

/// This program; the configuration read from `config_file`, with the directory of its drop-ins; all
/// that it names: policy, state, logs, keys, socket. They need not be there.
std::vector<GuardedPlace> own_files(const AgentConfig& config, const std::string& config_file);

}  // namespace aspis
