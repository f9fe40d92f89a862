// SPDX-License-Identifier: Apache-2.0
// Processes that were started too early for their profile.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agent/kernel/observer.h"
#include "base/result.h"
#include "policy/tables/compiled.h"

namespace aspis {

struct UnconfinedProcess {
  std::uint32_t pid = 0;
  std::string exe;
  std::string profile;  ///< that it would have
};

/// Every process that runs unconfined although a profile of `policy` attaches to its executable:
/// profiles attach at exec. Processes whose executable cannot be read are passed over.
Result<std::vector<UnconfinedProcess>> find_unconfined(const Observer& observer,
                                                       const policy::CompiledPolicy& policy);

}  // namespace aspis
