// SPDX-License-Identifier: Apache-2.0
// A place near the beginning of a function where a uprobe is cheap.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace aspis::cpython {

/// Registers that a function gets its arguments in, in their order (System V ABI for x86-64).
enum ArgumentRegister : std::uint8_t {
  kRdi = 1U << 0,
  kRsi = 1U << 1,
  kRdx = 1U << 2,
  kRcx = 1U << 3,
  kR8 = 1U << 4,
  kR9 = 1U << 5,
};

struct PrologueSite {
  std::uint32_t offset = 0;  ///< of the instruction, from the function's first
  std::uint32_t stack =
      0;                 ///< bytes pushed on the stack since the call, the return address included
  bool emulated = true;  ///< false: there is none near, and this is the first instruction
};

/// The first instruction that the kernel emulates (push, call, jump, nop) and before which all of
/// `needed` (ArgumentRegister) are as the caller set them. `code` begins at the function. Only a
/// few instructions that compilers begin functions with are understood: at the first other one the
/// search ends.
PrologueSite find_prologue_site(std::string_view code, unsigned needed);

}  // namespace aspis::cpython
