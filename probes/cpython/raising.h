// SPDX-License-Identifier: Apache-2.0
// Where the kernel can answer an audit event with an exception (bpf/lib/raise.bpf.h).
#pragma once

#include <string>
#include <vector>

#include "probes/cpython/sites.h"
#include "probes/elf/elf_file.h"

namespace aspis::cpython {

/// The first instructions of the functions that all audit events of CPython 3.`minor` go through,
/// to be used instead of find_sites(). A thread is sent elsewhere there, so only functions are
/// taken whose arguments and result are known for sure. Empty where that is not so; `why` then says
/// what is missing. Reads the whole code.
std::vector<Site> find_raising_sites(const elf::ElfFile& file, int minor, std::string& why);

}  // namespace aspis::cpython
