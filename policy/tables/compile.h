// SPDX-License-Identifier: Apache-2.0
// From the syntax tree to automata and bit sets.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "policy/language/diagnostic.h"
#include "policy/language/syntax.h"
#include "policy/tables/compiled.h"
#include "policy/tables/explanation.h"
#include "policy/tables/python_event.h"

namespace aspis::policy {

struct CompileOptions {
  /// Gets what `aspis policy explain` needs: the rules behind each profile, in the same order.
  std::vector<ProfileExplanation>* explanations = nullptr;
  /// Rules that decide nothing are warned of; where they are from is looked up here.
  const Sources* judge_rules_of = nullptr;
  /// The documented audit events: without them rules can name arguments as arg0, arg1, … only.
  std::span<const PythonEvent> python_events = {};
};

/// Compiles every profile of a policy. What is wrong with it goes to `diagnostics`, at its place;
/// the result is good exactly if there are no errors.
CompiledPolicy compile(const Policy& policy, Diagnostics& diagnostics,
                       const CompileOptions& options = {});

}  // namespace aspis::policy
