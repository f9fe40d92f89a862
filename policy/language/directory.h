// SPDX-License-Identifier: Apache-2.0
// Which files of a directory are policy.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace aspis::policy {

/// Paths of the regular files right in a directory, sorted, without what package managers and
/// editors leave behind, hidden files and README (as libapparmor chooses them).
Result<std::vector<std::string>> policy_files_in(const std::string& directory);

}  // namespace aspis::policy
