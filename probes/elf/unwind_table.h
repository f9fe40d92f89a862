// SPDX-License-Identifier: Apache-2.0
// Where functions begin and end in a file without symbols: every one that an exception or a
// debugger may have to unwind has an entry in .eh_frame, sorted in .eh_frame_hdr (Linux Standard
// Base Core 5.0, sections 10.6.1 and 10.6.2).
#pragma once

#include <cstdint>
#include <optional>

#include "probes/elf/elf_file.h"

namespace aspis::elf {

/// The code that one entry is for: a function, or the part of one that the compiler has put
/// elsewhere as it is seldom run ("cold").
struct Extent {
  std::uint64_t begin = 0, end = 0;  ///< virtual addresses

  [[nodiscard]] bool contains(std::uint64_t at) const { return at >= begin && at < end; }
  bool operator==(const Extent&) const = default;
};

class UnwindTable {
 public:
  /// Of a file that must outlive it; nothing if the file has none, or not in the encoding that
  /// linkers write.
  static std::optional<UnwindTable> read(const ElfFile& file);

  /// The entry whose code contains `address`. Nothing if there is none, or if the two sections
  /// contradict one another.
  [[nodiscard]] std::optional<Extent> find(std::uint64_t address) const;

 private:
  UnwindTable(const ElfFile& file, Piece header, std::size_t entries)
      : file_(&file), header_(std::move(header)), entries_(entries) {}

  [[nodiscard]] std::uint64_t word(std::size_t entry, std::size_t which) const;

  const ElfFile* file_;
  Piece header_;
  std::size_t entries_;
};

}  // namespace aspis::elf
