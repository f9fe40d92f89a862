// SPDX-License-Identifier: Apache-2.0
// How many audit events the observers of this machine have seen of each interpreter, whoever runs
// them: out of their maps in the kernel.
#pragma once

#include <cstdint>
#include <map>
#include <utility>

namespace aspis {

/// By device and inode of the interpreter's file (stat(2)); files that nobody has a probe on are
/// missing. Empty without the right to read maps (CAP_SYS_ADMIN).
std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint64_t> seen_events();

}  // namespace aspis
