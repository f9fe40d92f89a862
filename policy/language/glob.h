// SPDX-License-Identifier: Apache-2.0
// The form of a glob (AARE).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace aspis::policy {

/// What is wrong with a glob whose variables are expanded, as a sentence; nothing if it is good.
std::optional<std::string> glob_error(std::string_view glob);

}  // namespace aspis::policy
