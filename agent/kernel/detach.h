// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

namespace aspis {

/// Lets a process of its own close these links once the calling one has ended. A link on a
/// trampoline waits for a grace period of RCU when it is closed (kernel/bpf/trampoline.c,
/// unregister_ftrace_direct), one after the other: 4 to 8 s for a whole backend, which nobody
/// should wait for at a prompt. The programs must have nothing left to do by then. Where no process
/// can be made, the links end with the caller's descriptors, as they would have anyway.
void detach_behind(std::vector<int> links);

}  // namespace aspis
