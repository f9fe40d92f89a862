// SPDX-License-Identifier: Apache-2.0
// Numbers of compiled policy in the words of the language.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/tables/compiled.h"

namespace aspis::policy {

/// Permissions on files as letters, in the order of AppArmor's log; c and d: create and delete.
std::string file_letters(std::uint16_t permissions);

/// Permissions that letters, or "exec", stand for.
Result<std::uint16_t> file_permissions_of(std::string_view letters);

std::string_view mode_name(aspis_mode mode);

/// Flags of a profile but its mode; the hat is no flag in the language, and called so here.
std::vector<std::string> flag_words(const CompiledProfile& profile);

/// Where a rule's exec leads, as the language has it: "Px -> a//&b", "pix".
std::string exec_words(const CompiledExec& exec);

/// An alternative of python=(…): "script=/srv/*.py", "stdin".
std::string launch_words(const CompiledLaunch& launch);

/// "a, b, c", "none".
std::string listed(const std::vector<std::string>& words);

}  // namespace aspis::policy
