// SPDX-License-Identifier: Apache-2.0
// The canonical layout of a policy file. Only the text is looked at: includes are not followed,
// variables not expanded, and nothing changes its place.
#pragma once

#include <string>

#include "base/result.h"
#include "policy/language/source.h"

namespace aspis::policy {

/// The file's text in canonical layout: two spaces for each level of blocks, one statement a line,
/// "{" at the end of the line of its head, "}" alone on its line but for an "else" after it, at
/// most one empty line in a row and none at the edges of a block, "include" without "#". Statements
/// over several lines are joined, unless a comment stands inside. What is between quotes or in
/// "{a,b}" stays as it is, in parentheses all but line ends. Fragments, which are included into
/// profiles, are fine as well.
///
/// Fails with "FILE:LINE:COLUMN: error: MESSAGE" where the structure cannot be understood: a quote,
/// list or block without its end, a rule without its ",". Whether names and values make sense is
/// not looked at.
Result<std::string> format(const Sources& sources, FileId file);

}  // namespace aspis::policy
