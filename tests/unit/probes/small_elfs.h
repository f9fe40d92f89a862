// SPDX-License-Identifier: Apache-2.0
// Small ELF files with all that is looked for in an interpreter, to be damaged.
#pragma once

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "tests/unit/probes/tiny_elf.h"

namespace aspis::testing {

/// Our own: with USDT, with the functions instead, one linked to a libpython, and one that says
/// where its fields are (3.13 and later: all symbols are at the version's word).
inline std::vector<std::string> small_elfs() {
  std::vector<std::string> files;
  TinyElf usdt;
  usdt.rodata = std::string("x\0003.13.2+\0", 10);
  files.push_back(usdt.build());
  TinyElf functions;
  functions.functions = true;
  functions.locations = 0;
  functions.exports = {"PySys_Audit", "PyUnicode_Type", "PyBytes_Type", "PyTuple_Type",
                       "PyList_Type", "PyLong_Type",    "PyFloat_Type"};
  files.push_back(functions.build());
  functions.exports.emplace_back("_PyRuntime");
  functions.version = 0x7970677562656478;  // "xdebugpy"
  for (const std::uint64_t version : {0x30d02f0, 0x30e02f0, 0x30f02f0}) {
    functions.rodata.assign(2, '\0');  // ends the words of "audit"
    for (std::uint64_t word = 0; word < 100; ++word) {
      const std::uint64_t value = word == 0 ? version : 8 * (word % 20);
      functions.rodata.append(reinterpret_cast<const char*>(&value), sizeof(value));
    }
    files.push_back(functions.build());
  }
  TinyElf launcher;
  launcher.locations = 0;
  launcher.exports = {"main"};
  launcher.needed = "libpython3.12.so.1.0";
  launcher.runpath = "$ORIGIN/../lib";
  files.push_back(launcher.build());
  return files;
}

/// A real file with the beginning of each section only: every header is there and true to it.
inline std::string shrunk_elf(const std::string& file, std::size_t section_max = 2048) {
  Elf64_Ehdr head;
  if (file.size() < sizeof(head)) return file;
  std::memcpy(&head, file.data(), sizeof(head));
  const std::size_t headers = sizeof(head) + head.e_phnum * sizeof(Elf64_Phdr);
  const std::size_t table = head.e_shnum * sizeof(Elf64_Shdr);
  if (file.size() < headers || head.e_shoff > file.size() || file.size() - head.e_shoff < table)
    return file;
  std::string small = file.substr(0, headers);
  std::vector<Elf64_Shdr> sections(head.e_shnum);
  std::memcpy(sections.data(), file.data() + head.e_shoff, table);
  for (Elf64_Shdr& section : sections) {
    if (section.sh_type == SHT_NOBITS || section.sh_offset > file.size()) continue;
    const bool names = &section == &sections[head.e_shstrndx];
    section.sh_size = std::min<std::uint64_t>(section.sh_size, names ? 65536 : section_max);
    const std::string bytes = file.substr(section.sh_offset, section.sh_size);
    section.sh_offset = small.size();
    small += bytes;
  }
  head.e_shoff = small.size();
  std::memcpy(small.data(), &head, sizeof(head));
  small.append(reinterpret_cast<const char*>(sections.data()), table);
  return small;
}

}  // namespace aspis::testing
