// SPDX-License-Identifier: Apache-2.0
// Which program of bpf/observe_*.bpf.c reads which system call (tracepoint backend).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace aspis {

struct SyscallProgram {
  std::uint32_t number;      ///< x86-64
  std::string_view program;  ///< its name in the BPF object
};

std::span<const SyscallProgram> syscall_programs();

}  // namespace aspis
