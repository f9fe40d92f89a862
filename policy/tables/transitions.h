// SPDX-License-Identifier: Apache-2.0
// Where a task goes that leaves its profile: by exec, or because its policy orders it.
#pragma once

#include <string>
#include <vector>

#include "policy/tables/compiled.h"
#include "policy/tables/pattern.h"

namespace aspis::policy {

/// Fills the targets of `exec` from what stands behind "->": "NAME", "&NAME", "A//&B". Those of
/// mode CHILD are children of `profile`. Warns of a variable with several values; an error if there
/// are more than ASPIS_STACK_MAX.
void set_targets(const Word& word, const std::string& profile, const PatternContext& context,
                 CompiledExec& exec);

/// Finds or adds a transition of a profile. Returns its number, from 1 on; an error at `at` if
/// there are more than 65535.
std::uint16_t add_transition(std::vector<CompiledExec>& transitions, CompiledExec exec, Position at,
                             Diagnostics& diagnostics);

}  // namespace aspis::policy
