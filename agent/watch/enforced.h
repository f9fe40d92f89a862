// SPDX-License-Identifier: Apache-2.0
// What of a policy nothing enforces with this backend on this kernel. What nothing enforces
// anywhere is found when the policy is compiled.
#pragma once

#include "agent/kernel/observer.h"
#include "base/result.h"

namespace aspis {

/// Warns of each profile and rule class that is not enforced here; if `strict`, fails with them
/// instead. To be asked before the policy is put in force.
Result<> check_enforced(const Observer& observer, const policy::CompiledPolicy& policy,
                        bool strict);

}  // namespace aspis
