// SPDX-License-Identifier: Apache-2.0
// Arguments of a USDT, in the assembler's words (systemtap's sys/sdt.h).
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "bpf/abi/python_site.h"

namespace aspis::cpython {

/// "%rbx", "-16(%rbp)", "(%rax)", "$5": nothing for other forms.
std::optional<aspis_operand> parse_operand(std::string_view text);

/// The operands of "8@%rbx 8@-16(%rbp)"; nothing if one is not 8 bytes wide, or not understood.
std::optional<std::vector<aspis_operand>> parse_operands(std::string_view arguments);

}  // namespace aspis::cpython
