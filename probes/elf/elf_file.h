// SPDX-License-Identifier: Apache-2.0
// The few things that we ask of an ELF file: notes, dynamic entries, exported symbols. x86-64 only.
// Nothing in the file is trusted: every offset is checked and every size has a limit.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <elf.h>

#include "probes/elf/byte_source.h"

namespace aspis::elf {

/// One note of type NT_STAPSDT: a probe compiled into the file (USDT).
struct StapNote {
  std::string provider, name;
  std::uint64_t location = 0;   ///< virtual address of the nop
  std::uint64_t semaphore = 0;  ///< virtual address; 0: the probe is always on
  std::string arguments;        ///< "8@%rbx -4@$5": size@operand, in the assembler's words
};

/// Bytes as they lie in memory before anything has run.
struct Piece {
  std::uint64_t address = 0;  ///< virtual address of the first
  std::string bytes;

  [[nodiscard]] bool contains(std::uint64_t at) const {
    return at >= address && at - address < bytes.size();
  }
};

/// A word that the loader sets to the load bias + `value` (R_X86_64_RELATIVE).
struct Relative {
  std::uint64_t place = 0;  ///< virtual address of the word
  std::uint64_t value = 0;
};

/// What the dynamic section says, as far as we ask.
struct Dynamic {
  std::string soname;
  std::string runpath;  ///< DT_RUNPATH, else DT_RPATH; directories with ':' between
  std::vector<std::string> needed;
};

class ElfFile {
 public:
  /// Reads the headers. Nothing, and `reason` set, if this is not an ELF file for x86-64 that a
  /// process can have in memory.
  static std::optional<ElfFile> open(ByteSource source, std::string& reason);

  /// Notes of section .note.stapsdt.
  [[nodiscard]] std::vector<StapNote> stap_notes() const;
  /// GNU build id in hexadecimal; empty if there is none.
  [[nodiscard]] std::string build_id() const;
  [[nodiscard]] Dynamic dynamic() const;
  /// Bytes of a section; nothing if it is missing, not in the file or too large.
  [[nodiscard]] std::optional<std::string> section(std::string_view name) const;
  /// Whether the file has a section of this name.
  [[nodiscard]] bool has_section(std::string_view name) const { return find(name) != nullptr; }

  /// Exported and defined symbols among `names`, in the same order; a missing one is null (st_value
  /// 0). Costs one search of the string table when none of them is in it.
  [[nodiscard]] std::vector<std::optional<Elf64_Sym>> exports(
      const std::vector<std::string_view>& names) const;

  /// The same among all symbols, local ones included, as far as the file has not been stripped.
  [[nodiscard]] std::vector<std::optional<Elf64_Sym>> symbols(
      const std::vector<std::string_view>& names) const;

  /// Executable sections without those of the procedure linkage table.
  [[nodiscard]] std::vector<Piece> code() const;
  /// Sections of constants (.rodata and its like).
  [[nodiscard]] std::vector<Piece> constants() const;
  /// Sections of data that can be written.
  [[nodiscard]] std::vector<Piece> data() const;
  /// The first segment of a type (PT_GNU_EH_FRAME, …); nothing if it is missing, not in the file or
  /// too large.
  [[nodiscard]] std::optional<Piece> segment(std::uint32_t type) const;
  /// Of .rela.dyn.
  [[nodiscard]] std::vector<Relative> relatives() const;
  /// `length` bytes at a virtual address; nothing if they are not all in the file.
  [[nodiscard]] std::optional<std::string> bytes_at(std::uint64_t address,
                                                    std::uint64_t length) const;
  /// Where in the file virtual address `address` is kept; nothing if it is not.
  [[nodiscard]] std::optional<std::uint64_t> offset_of(std::uint64_t address) const {
    return offset_in(address, 0, 0);
  }
  /// The same for `length` bytes that are all in the file, in a segment with these flags (PF_X, …).
  [[nodiscard]] std::optional<std::uint64_t> offset_in(std::uint64_t address, std::uint64_t length,
                                                       std::uint32_t flags) const;

  /// The 8 bytes that a process would find at virtual address `address` before it wrote to them.
  [[nodiscard]] std::optional<std::uint64_t> word_at(std::uint64_t address) const;

 private:
  explicit ElfFile(ByteSource source) : source_(source) {}

  bool load(std::string& reason);
  [[nodiscard]] const Elf64_Shdr* find(std::string_view name) const;
  [[nodiscard]] const Elf64_Shdr* find_type(std::uint32_t type) const;
  [[nodiscard]] std::optional<std::string> bytes_of(const Elf64_Shdr& section) const;
  [[nodiscard]] std::optional<std::string> strings_of(const Elf64_Shdr& section) const;
  [[nodiscard]] std::vector<std::optional<Elf64_Sym>> symbols_of(
      std::uint32_t type, const std::vector<std::string_view>& names) const;
  [[nodiscard]] std::vector<Piece> pieces(std::uint64_t flags, bool linkage) const;

  ByteSource source_;
  std::vector<Elf64_Phdr> segments_;
  std::vector<Elf64_Shdr> sections_;
  std::string section_names_;
};

}  // namespace aspis::elf
