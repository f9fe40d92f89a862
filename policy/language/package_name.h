// SPDX-License-Identifier: Apache-2.0
// Names of Python distributions: PEP 503, PEP 508.
#pragma once

#include <string>
#include <string_view>

namespace aspis::policy {

/// ASCII letters, digits, '-', '_' and '.'; begins and ends with a letter or a digit.
bool is_package_name(std::string_view name);

/// The form in which two names of one distribution are the same: lower case, and one "-" for each
/// run of '-', '_' and '.'.
std::string normalised_package_name(std::string_view name);

}  // namespace aspis::policy
