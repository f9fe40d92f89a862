// SPDX-License-Identifier: Apache-2.0
// What a Python interpreter runs, by its command line.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace aspis::policy {

/// The launch (bpf/abi/policy.h: aspis_launch) that these arguments are, argv[0] first, in a
/// working directory; empty: nothing is run.
std::string launch_of(std::span<const std::string> arguments, std::string_view directory);

/// "the script /srv/app/x.py", "the module pip", "a command", "standard input", "nothing".
std::string launch_in_words(std::string_view launch);

}  // namespace aspis::policy
