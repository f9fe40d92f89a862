// SPDX-License-Identifier: Apache-2.0
// What a profile was compiled to, for people: `aspis policy dump`.
#pragma once

#include <string>

#include "policy/tables/compiled.h"

namespace aspis::policy {

/// Name, mode, flags and attachments, the size of the automata, exec transitions, capabilities.
std::string dump(const CompiledProfile& profile);

}  // namespace aspis::policy
