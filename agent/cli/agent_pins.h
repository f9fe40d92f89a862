// SPDX-License-Identifier: Apache-2.0
// What outlives an agent, told and ended.
#pragma once

#include <string>

#include "agent/kernel/observer.h"
#include "base/result.h"

namespace aspis {

/// Logs what an agent goes on with, if it does.
void tell_adoption(const Observer& observer, const std::string& pins);

/// Logs what becomes of the policy when the agent ends.
void tell_end(Observer& observer, const std::string& pins);

/// Ends what is in force when no agent runs, and logs it. Fails if one does.
Result<> end_pinned(const std::string& pins);

}  // namespace aspis
