// SPDX-License-Identifier: Apache-2.0
// Rules of an automaton that decide nothing.
#pragma once

#include <span>
#include <vector>

#include "policy/automaton/dfa.h"
#include "policy/tables/access.h"
#include "policy/tables/shadow.h"

namespace aspis::policy {

/// Finds the rules of `judged` that decide nothing: for every set of rules that match some
/// string together, others of the set outdo them on every permission. `dfa` is the automaton of
/// `accesses` before minimisation.
void judge_automaton(const Profile& profile, const std::vector<const Rule*>& judged,
                     std::span<const Access> accesses, const automaton::Dfa& dfa,
                     std::vector<Needless>& found);

}  // namespace aspis::policy
