// SPDX-License-Identifier: Apache-2.0
// Expansion of @{VAR} into alternatives.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/language/diagnostic.h"
#include "policy/language/syntax.h"

namespace aspis::policy {

/// What bounds an expansion.
struct ExpansionLimit {
  std::size_t alternatives = 65536;
  bool truncate = false;  ///< stop quietly at the limit instead of failing
};

/// The cross product of the values of all variables in a word, in order; the word itself if there
/// are none. Undefined, empty and recursive variables are errors in `diagnostics`, as is a result
/// larger than the limit; then the answer is empty.
std::vector<std::string> expand(const Word& word, const Variables& variables,
                                Diagnostics& diagnostics, ExpansionLimit limit = {});

/// Length of the reference @{NAME} at the start of `text`, and its name; 0 if there is none.
/// Inside of a word the braces are needed: "@name" is an abstract socket's address.
std::size_t variable_reference(std::string_view text, std::string_view& name);

/// Whether a word refers to a variable.
bool has_variable(std::string_view text);

}  // namespace aspis::policy
