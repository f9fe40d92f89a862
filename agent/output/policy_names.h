// SPDX-License-Identifier: Apache-2.0
// Words for what profiles decided.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "bpf/abi/event.h"

namespace aspis {

/// Permissions of an event as AppArmor's log has them: letters for files, in its order, and c and d
/// for create and delete; words for other kinds.
std::string permission_names(aspis_kind kind, std::uint16_t permissions);

/// What a task asked for about its own profile (enum aspis_request), as AppArmor's log calls it.
std::string_view request_name(std::uint32_t request);
/// What was tried on the agent (enum aspis_tamper): "ptrace", "signal", …
std::string_view tamper_name(std::uint32_t what);

/// Text of an aspis_info as AppArmor's info= has it; empty for none. `package`: the name of the one
/// that it speaks of.
std::string info_text(std::uint8_t info, std::string_view package);

}  // namespace aspis
