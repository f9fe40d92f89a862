// SPDX-License-Identifier: Apache-2.0
// python=(…) of a profile's head: what Python is started to run (bpf/abi/policy.h: aspis_launch).
#pragma once

#include <optional>
#include <vector>

#include "policy/automaton/expression.h"
#include "policy/language/syntax.h"
#include "policy/tables/compiled.h"
#include "policy/tables/pattern.h"

namespace aspis::policy {

/// The alternatives with variables replaced. Errors go to the context's diagnostics.
std::vector<CompiledLaunch> compile_launches(const std::vector<LaunchCondition>& launches,
                                             const PatternContext& context);

/// The texts that an alternative matches; nothing if its glob is wrong, which was told.
std::optional<automaton::ExpressionId> launch_expression(automaton::Expressions& expressions,
                                                         const CompiledLaunch& launch);

}  // namespace aspis::policy
