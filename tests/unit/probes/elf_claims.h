// SPDX-License-Identifier: Apache-2.0
// What is said of an ELF file, held against the file by a reader of its own, as simple as can be.
#pragma once

#include <elf.h>

#include <cstring>
#include <optional>
#include <span>
#include <string>

#include "probes/cpython/debug_offsets.h"
#include "probes/cpython/find.h"
#include "probes/cpython/layouts.h"
#include "probes/cpython/raising.h"
#include "probes/elf/elf_file.h"

namespace aspis::testing {

/// Whether `length` bytes at `offset` of the file are in a loadable segment with these flags.
inline bool in_segment(std::span<const char> file, std::uint64_t offset, std::uint64_t length,
                       std::uint32_t flags) {
  Elf64_Ehdr head;
  if (file.size() < sizeof(head)) return false;
  std::memcpy(&head, file.data(), sizeof(head));
  for (unsigned i = 0; i < head.e_phnum; ++i) {
    Elf64_Phdr segment;
    const std::uint64_t at = head.e_phoff + i * sizeof(segment);
    if (at > file.size() || file.size() - at < sizeof(segment)) return false;
    std::memcpy(&segment, file.data() + at, sizeof(segment));
    if (segment.p_type == PT_LOAD && (segment.p_flags & flags) == flags &&
        offset >= segment.p_offset && offset - segment.p_offset < segment.p_filesz &&
        segment.p_filesz - (offset - segment.p_offset) >= length && offset < file.size() &&
        file.size() - offset >= length)
      return true;
  }
  return false;
}

/// What of `found` cannot be true of the file; empty: nothing.
inline std::string wrong_claim(std::span<const char> file, const cpython::Interpreter& found) {
  constexpr std::size_t kSitesMax = 16;
  const auto& sites = found.sites;
  if (sites.sites.size() > kSitesMax) return "so many sites";
  if (sites.sites.empty() != (sites.probe == cpython::Probe::kNone)) return "probe";
  if (found.minor < 0 || found.layout >= static_cast<int>(cpython::layouts().size()))
    return "version";
  for (const cpython::Site& site : sites.sites) {
    const std::string where = " at " + std::to_string(site.offset);
    if (!in_segment(file, site.offset, 1, PF_X)) return "site not in code" + where;
    if (site.semaphore != 0 &&
        (!in_segment(file, site.semaphore, 2, PF_W) || site.semaphore % 2 != 0))
      return "semaphore not in data" + where;
    const char byte = file[static_cast<std::size_t>(site.offset)];
    if (site.row.form == ASPIS_SITE_CALL && byte != '\xe8') return "no call" + where;
    if (site.row.form == ASPIS_SITE_USDT && byte != '\x90' && byte != '\x66' && byte != '\x0f')
      return "no nop" + where;
    for (const cpython::Site& other : sites.sites)
      if (&site != &other && site.offset == other.offset) return "the same site twice" + where;
  }
  return {};
}

/// The same of where exceptions can be raised: a thread that comes there is sent elsewhere.
inline std::string wrong_raising(std::span<const char> bytes, const elf::ElfFile& file, int minor) {
  std::string why;
  const auto sites = cpython::find_raising_sites(file, minor, why);
  if (sites.empty() == why.empty()) return "why there are no raising sites";
  for (const cpython::Site& site : sites) {
    if (!in_segment(bytes, site.offset, 1, PF_X)) return "raising site not in code";
    if (site.row.raise_function == 0) return "raising site without what raises";
  }
  return {};
}

/// Everything that is asked of an ELF file: what is said of it and cannot be true, else empty.
inline std::string wrong_claim(std::span<const char> bytes, std::string_view name = "python3.13") {
  std::string reason;
  const auto found = cpython::inspect_bytes(bytes, name, &reason);
  if (found.has_value() == !reason.empty()) return "reason";
  const auto file = elf::ElfFile::open(elf::ByteSource(bytes), reason);
  if (!file) return found ? "found in what cannot be read" : "";
  for (int minor = 13; minor <= 15; ++minor)
    (void)cpython::frames_in(*file, minor, *cpython::layout_for(3, 13));
  for (const auto& layout : cpython::layouts()) (void)cpython::layout_problem(*file, layout);
  if (!found) return {};
  constexpr std::size_t kSmall = std::size_t{1} << 20;  // all of the code is looked through
  if (bytes.size() < kSmall)
    if (std::string wrong = wrong_raising(bytes, *file, found->minor); !wrong.empty()) return wrong;
  return wrong_claim(bytes, *found);
}

}  // namespace aspis::testing
