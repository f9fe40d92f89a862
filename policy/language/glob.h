// SPDX-License-Identifier: Apache-2.0
// The form of a glob (AARE): whether it is one, and whether it is more than a plain name.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace aspis::policy {

/// What is wrong with a glob whose variables are expanded, as a sentence; nothing if it is good.
std::optional<std::string> glob_error(std::string_view glob);

/// Whether it has ?, *, [] or {} outside of escapes.
bool is_glob(std::string_view text);

}  // namespace aspis::policy
