// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace aspis {

/// Names of the capabilities that observing needs and this process does not have in effect
/// (capabilities(7)): CAP_BPF and CAP_PERFMON for programs and probes, CAP_SYS_PTRACE to look into
/// processes of other users. CAP_SYS_ADMIN stands for the first two. Empty: all are there.
std::vector<std::string> missing_capabilities();

/// Fails with the names, and what to do.
Result<> require_capabilities();

}  // namespace aspis
