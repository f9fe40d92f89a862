// SPDX-License-Identifier: Apache-2.0
// Processes that were started too early for their profile.
#pragma once

#include "agent/kernel/observer.h"
#include "base/result.h"
#include "policy/tables/compiled.h"

namespace aspis {

/// Logs every process that runs unconfined although a profile of `policy` attaches to its
/// executable: profiles attach at exec. Processes whose executable cannot be read are passed over.
Result<> warn_unconfined(const Observer& observer, const policy::CompiledPolicy& policy);

}  // namespace aspis
