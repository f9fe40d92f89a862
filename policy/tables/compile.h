// SPDX-License-Identifier: Apache-2.0
// From the syntax tree to automata and bit sets.
#pragma once

#include "policy/language/diagnostic.h"
#include "policy/language/syntax.h"
#include "policy/tables/compiled.h"
#include "policy/tables/explanation.h"

namespace aspis::policy {

/// Compiles every profile of a policy. What is wrong with it goes to `diagnostics`, at its place;
/// the result is good exactly if there are no errors. `explanations`, if given, gets what
/// `aspis policy explain` needs: the rules behind each profile, in the same order.
CompiledPolicy compile(const Policy& policy, Diagnostics& diagnostics,
                       std::vector<Explanation>* explanations = nullptr);

}  // namespace aspis::policy
