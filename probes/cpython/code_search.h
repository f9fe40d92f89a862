// SPDX-License-Identifier: Apache-2.0
// What is looked for in the machine code of CPython, without a disassembler: calls of five bytes,
// constants next to them, and the table that has sys.audit.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "probes/elf/elf_file.h"

namespace aspis::cpython {

inline constexpr std::size_t kCallLength = 5;

/// The value at `at`; 0 if it is not all there.
template <class T>
T load(std::string_view bytes, std::size_t at) {
  T value{};
  if (at <= bytes.size() && bytes.size() - at >= sizeof(value))
    std::memcpy(&value, bytes.data() + at, sizeof(value));
  return value;
}

/// The piece that has the address; null: none.
const elf::Piece* piece_of(std::span<const elf::Piece> pieces, std::uint64_t address);

/// From the address to the end of its piece.
std::string_view bytes_from(std::span<const elf::Piece> pieces, std::uint64_t address);

/// Whether a process has at this address the code that the sections say is there.
bool is_loaded(const elf::ElfFile& file, std::span<const elf::Piece> code, std::uint64_t address);

/// sys_audit_tstate: what the last call in PySys_Audit leads to; 0: it is not found.
std::uint64_t find_tstate_function(std::span<const elf::Piece> code, const Elf64_Sym& symbol);

/// Every call of the function; none if there are too many for it to be the one that is looked for.
std::vector<std::uint64_t> find_calls(std::span<const elf::Piece> code, std::uint64_t function);

/// The function of sys.audit: a PyMethodDef {name, function, flags} with this name, in data (Python
/// /sysmodule.c: sys_methods). 0 if there is none, or more than one.
std::uint64_t find_sys_audit(const elf::ElfFile& file, std::span<const elf::Piece> code);

}  // namespace aspis::cpython
