// SPDX-License-Identifier: Apache-2.0
// Which function an instruction belongs to, in a file without symbols, and what is known of how the
// function is called.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "probes/elf/elf_file.h"
#include "probes/elf/unwind_table.h"

namespace aspis::cpython {

class Functions {
 public:
  /// Of a file and its code(), which must outlive it; at `entry` is a function even if nothing is
  /// seen to call it. Nothing if the file has no unwind table.
  static std::optional<Functions> of(const elf::ElfFile& file, std::span<const elf::Piece> code,
                                     std::uint64_t entry = 0);

  /// The function that an instruction belongs to, by the code that begins with its first
  /// instruction. What is seldom run of a function may lie elsewhere, with an entry of its own in
  /// the unwind table (GCC's -freorder-blocks-and-partition): it is never called, and jumps lead to
  /// it from one function only, and back. Nothing if it is not sure which.
  [[nodiscard]] std::optional<elf::Extent> function_of(std::uint64_t address) const;

  /// The function with its first instruction at `address`.
  [[nodiscard]] std::optional<elf::Extent> function_at(std::uint64_t address) const;

  /// Where the function is called from, or jumped to: every such place that there is in the code,
  /// and maybe what only looks like one.
  [[nodiscard]] std::vector<std::uint64_t> callers(const elf::Extent& function) const;

  /// Whether it takes variable arguments after three that are no floating-point numbers: it begins
  /// by asking how many vector registers are in use, and its va_list begins behind the third
  /// register (System V ABI for x86-64, sections 3.2.3 and 3.5.7). Compilers do not change how a
  /// function is called that has va_start in it, whichever of its arguments are constants.
  [[nodiscard]] bool is_variadic_after_three(const elf::Extent& function) const;

  /// Whether what stands before a call or jump sets the third argument, to NULL or to a text of
  /// which `accepts` is true: of a copy that was made for one value of an argument, the callers
  /// need not pass it any more.
  [[nodiscard]] bool passes_third(std::uint64_t call, bool (*accepts)(std::string_view)) const;

 private:
  struct Branch {
    std::uint64_t source = 0, target = 0;
    bool call = false;
  };

  Functions(elf::UnwindTable table, std::span<const elf::Piece> code,
            std::vector<elf::Piece> constants)
      : table_(std::move(table)), code_(code), constants_(std::move(constants)) {}

  bool collect();
  static std::optional<Branch> branch_at(const elf::Piece& piece, std::size_t at);
  [[nodiscard]] std::span<const Branch> branches_to(std::uint64_t begin, std::uint64_t end) const;
  [[nodiscard]] std::optional<elf::Extent> owner_of_cold(const elf::Extent& cold) const;

  elf::UnwindTable table_;
  std::uint64_t entry_ = 0;
  std::span<const elf::Piece> code_;
  std::vector<elf::Piece> constants_;
  std::vector<Branch> branches_;  ///< by their targets
};

}  // namespace aspis::cpython
