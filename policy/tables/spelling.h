// SPDX-License-Identifier: Apache-2.0
// Texts inside of subjects (bpf/abi/subject.h): NUL ends them, so that some bytes are spelled.
#pragma once

#include "policy/automaton/expression.h"

namespace aspis::policy {

/// The strings of an expression as subjects spell them: 0 is 1 1, and 1 is 1 2.
automaton::ExpressionId spelled(automaton::Expressions& expressions, automaton::ExpressionId id);

/// All that strings of an expression begin with, the empty string and the whole ones among it.
automaton::ExpressionId beginnings(automaton::Expressions& expressions, automaton::ExpressionId id);

}  // namespace aspis::policy
