// SPDX-License-Identifier: Apache-2.0
// Where in an interpreter its audit events can be seen: the best probe that its file allows.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "bpf/abi/python_site.h"
#include "probes/elf/elf_file.h"

namespace aspis::cpython {

/// Kinds of probes, the best last.
enum class Probe : std::uint8_t {
  kNone,   ///< no place is known: what it says is not seen
  kEntry,  ///< PySys_Audit alone (all there is in 3.8)
  kCalls,  ///< the calls of sys_audit_tstate, through which all events of C code go
  kUsdt,   ///< USDT python:audit (configured --with-dtrace)
  kRaise,  ///< the functions that all events go through (find_raising_sites)
};

/// "raise", "usdt", "calls", "entry", "none".
std::string_view probe_name(Probe probe);

/// One instruction to put a uprobe on.
struct Site {
  aspis_python_site row{};      ///< all but the layout
  std::uint64_t offset = 0;     ///< of the instruction, in the file
  std::uint64_t semaphore = 0;  ///< offset of the USDT's semaphore in the file; 0: it has none
  bool long_nop = false;        ///< it is a nop of 5 bytes, which the kernel may make a call (6.18)

  bool operator==(const Site& other) const {
    return std::memcmp(&row, &other.row, sizeof(row)) == 0 && offset == other.offset &&
           semaphore == other.semaphore;
  }
};

struct Sites {
  Probe probe = Probe::kNone;
  std::vector<Site> sites;
  /// What is not seen all the same, or costs more than it should: half a sentence each. Empty: all
  /// is seen.
  std::vector<std::string> missed;
};

/// Finds the sites of CPython 3.`minor` (0: not known) in its file, stripped or not. Only
/// instructions that the kernel emulates are chosen where there are such, as single-stepping one
/// costs 15 times as much (arch/x86/kernel/uprobes.c). Reads the whole code of a file without USDT.
Sites find_sites(const elf::ElfFile& file, int minor);

}  // namespace aspis::cpython
