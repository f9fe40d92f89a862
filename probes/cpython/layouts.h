// SPDX-License-Identifier: Apache-2.0
// Offset tables of CPython's objects, by version.
#pragma once

#include <span>
#include <string>

#include "bpf/abi/python_layout.h"
#include "probes/elf/elf_file.h"

namespace aspis::cpython {

/// Layout of CPython MAJOR.MINOR (64 bits); null if this version is not known. Static.
const aspis_python_layout* layout_for(int major, int minor, bool free_threaded = false);

/// Why the layout cannot be right for the interpreter in this file; empty: nothing speaks against
/// it. Compared are the sizes and names that its types have in the file's data (PyUnicode_Type,
/// PyTuple_Type, …: exported, and initialised statically), which follow from nearly all offsets.
std::string layout_problem(const elf::ElfFile& file, const aspis_python_layout& layout);

/// Every layout known, oldest first. Static.
std::span<const aspis_python_layout> layouts();

}  // namespace aspis::cpython
