// SPDX-License-Identifier: Apache-2.0
// File, link and exec rules of a profile, lowered.
#pragma once

#include <string>
#include <vector>

#include "policy/tables/compiled.h"
#include "policy/tables/pattern.h"

namespace aspis::policy {

/// Adds the rules that concern files to `rules`, and to `execs` what their exec modes lead to.
/// `name` is the profile's full name.
void lower_file_rules(const Profile& profile, const std::string& name,
                      const PatternContext& context, AccessRules& rules,
                      std::vector<CompiledExec>& execs);

}  // namespace aspis::policy
