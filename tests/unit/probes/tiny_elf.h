// SPDX-License-Identifier: Apache-2.0
// A small ELF file of our own making: a probe, or the functions that audit events go through, a few
// exported symbols, a version, a build id, dynamic entries.
#pragma once

#include <elf.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace aspis::testing {

class TinyElf {
 public:
  std::uint16_t machine = EM_X86_64;
  std::uint16_t type = ET_DYN;
  std::string provider = "python", probe = "audit";
  int locations = 2;
  bool semaphore = true;
  bool functions = false;  ///< as CPython 3.9 and later has them; PySys_Audit is the exported one
  char nop = '\x90';       ///< at each location
  std::uint32_t flags = PF_R | PF_W | PF_X;  ///< of the one segment
  std::uint64_t version = 0x030d02f0;        // 3.13.2
  std::vector<std::string> exports = {"PySys_Audit", "Py_Version"};
  std::vector<std::string> imports;  // undefined symbols
  std::string soname, needed, runpath, rodata;
  std::vector<std::uint64_t> words;  ///< more data

  /// The file's bytes. Virtual addresses are file offsets + kBase.
  [[nodiscard]] std::string build() const {
    std::string file(sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr), '\0');
    std::vector<Elf64_Shdr> sections(1);
    std::string names(1, '\0');
    const auto add = [&](std::string_view name, std::uint32_t kind, std::string_view bytes,
                         std::uint32_t link, std::uint64_t flags = 0) {
      Elf64_Shdr section{};
      section.sh_name = static_cast<std::uint32_t>(names.size());
      names.append(name).push_back('\0');
      section.sh_type = kind;
      section.sh_flags = flags;
      section.sh_offset = file.size();
      section.sh_addr = kBase + file.size();
      section.sh_size = bytes.size();
      section.sh_link = link;
      file.append(bytes);
      file.resize((file.size() + 7) / 8 * 8);
      sections.push_back(section);
      return section.sh_offset;
    };
    const std::string audit("audit\0", 6);
    const std::uint64_t value =
        add(".rodata", SHT_PROGBITS, raw(version) + audit + rodata, 0, SHF_ALLOC);
    const Code code = make_code();
    const std::uint64_t text =
        kBase + add(".text", SHT_PROGBITS, code.bytes, 0, SHF_ALLOC | SHF_EXECINSTR);
    // The semaphore, then the PyMethodDef of sys.audit.
    std::string written = raw<std::uint64_t>(0);
    if (functions)
      written += raw(kBase + value + sizeof(version)) + raw(text + code.sys_audit) +
                 raw<std::uint64_t>(0x80);
    for (const std::uint64_t word : words) written += raw(word);
    const std::uint64_t data =
        kBase + add(".data", SHT_PROGBITS, written, 0, SHF_ALLOC | SHF_WRITE);
    std::string strings(1, '\0');
    const auto intern = [&](const std::string& text) {
      const std::size_t at = strings.size();
      strings.append(text).push_back('\0');
      return at;
    };
    std::string symbols(sizeof(Elf64_Sym), '\0');
    const auto symbol = [&](const std::string& name, std::uint16_t section) {
      Elf64_Sym one{};
      one.st_name = static_cast<std::uint32_t>(intern(name));
      one.st_shndx = section;
      one.st_value = kBase + value;
      if (functions && name == "PySys_Audit") {
        one.st_value = text + code.outer;
        one.st_size = code.inner - code.outer;
      }
      symbols += raw(one);
    };
    for (const std::string& name : exports) symbol(name, 1);
    for (const std::string& name : imports) symbol(name, SHN_UNDEF);
    std::string dynamic;
    const auto entry = [&](std::int64_t tag, const std::string& text) {
      Elf64_Dyn one{};
      one.d_tag = tag;
      one.d_un.d_val = intern(text);
      if (!text.empty()) dynamic += raw(one);
    };
    entry(DT_SONAME, soname);
    entry(DT_NEEDED, needed);
    entry(DT_RUNPATH, runpath);
    dynamic += raw(Elf64_Dyn{});
    add(".dynstr", SHT_STRTAB, strings, 0);
    const auto names_of_symbols = static_cast<std::uint32_t>(sections.size() - 1);
    add(".dynsym", SHT_DYNSYM, symbols, names_of_symbols);
    add(".dynamic", SHT_DYNAMIC, dynamic, names_of_symbols);
    add(".note.stapsdt", SHT_NOTE, stap_notes(text, semaphore ? data : 0), 0);
    add(".note.gnu.build-id", SHT_NOTE, note("GNU", NT_GNU_BUILD_ID, "\x01\xab\xff"), 0);
    // The section's own name must be among the names before it is written.
    names.append(".shstrtab").push_back('\0');
    add(".shstrtab", SHT_STRTAB, std::string(names), 0);
    sections.back().sh_name = static_cast<std::uint32_t>(names.rfind(".shstrtab"));
    finish(file, sections);
    return file;
  }

  static constexpr std::uint64_t kBase = 0x400000;

 private:
  template <class T>
  static std::string raw(const T& value) {
    return {reinterpret_cast<const char*>(&value), sizeof(value)};
  }

  static std::string note(std::string_view owner, std::uint32_t kind, std::string_view text) {
    Elf64_Nhdr head{static_cast<std::uint32_t>(owner.size() + 1),
                    static_cast<std::uint32_t>(text.size()), kind};
    std::string bytes = raw(head) + std::string(owner) + '\0';
    bytes.resize((bytes.size() + 3) / 4 * 4);
    bytes.append(text);
    bytes.resize((bytes.size() + 3) / 4 * 4);
    return bytes;
  }

  [[nodiscard]] std::string stap_notes(std::uint64_t text, std::uint64_t word) const {
    std::string notes;
    for (int i = 0; i < locations; ++i) {
      std::string one =
          raw(text + static_cast<std::uint64_t>(i)) + raw<std::uint64_t>(0) + raw(word);
      one.append(provider).push_back('\0');
      one.append(probe).push_back('\0');
      one.append("8@%rbx 8@%r15").push_back('\0');
      notes += note("stapsdt", 3, one);
    }
    return notes;
  }

  struct Code {
    std::string bytes;
    std::uint64_t outer = 0, inner = 0, sys_audit = 0;  ///< where the functions begin
  };

  /// The probe's nops, then the functions.
  [[nodiscard]] Code make_code() const {
    Code code;
    code.bytes.assign(static_cast<std::size_t>(locations), nop);
    if (!functions) return code;
    const std::size_t tstate = code.bytes.size();
    code.bytes += '\xc3';  // sys_audit_tstate: ret
    const auto variadic = [&](char named) {
      const std::size_t begin = code.bytes.size();
      const char head[] = {'\x55', '\xc7', 4,  36, named, 0, 0, 0,  // push; movl named, (%rsp)
                           '\xc7', 68,     36, 4,  48,    0, 0, 0,  // movl $48, 4(%rsp)
                           '\xe8'};
      code.bytes.append(head, sizeof(head));
      const auto next = static_cast<std::int32_t>(code.bytes.size() + 4);
      code.bytes += raw(static_cast<std::int32_t>(tstate) - next) + '\xc3';
      return begin;
    };
    code.outer = variadic(16);
    code.inner = variadic(24);
    code.sys_audit = code.bytes.size();
    code.bytes += "\x55\xc3";
    return code;
  }

  void finish(std::string& file, const std::vector<Elf64_Shdr>& sections) const {
    Elf64_Ehdr head{};
    std::memcpy(head.e_ident, ELFMAG, SELFMAG);
    head.e_ident[EI_CLASS] = ELFCLASS64;
    head.e_ident[EI_DATA] = ELFDATA2LSB;
    head.e_type = type;
    head.e_machine = machine;
    head.e_phoff = sizeof(Elf64_Ehdr);
    head.e_phentsize = sizeof(Elf64_Phdr);
    head.e_phnum = 1;
    head.e_shoff = file.size();
    head.e_shentsize = sizeof(Elf64_Shdr);
    head.e_shnum = static_cast<std::uint16_t>(sections.size());
    head.e_shstrndx = static_cast<std::uint16_t>(sections.size() - 1);
    Elf64_Phdr segment{};
    segment.p_type = PT_LOAD;
    segment.p_flags = flags;
    segment.p_vaddr = kBase;
    segment.p_filesz = segment.p_memsz = file.size();
    std::memcpy(file.data(), &head, sizeof(head));
    std::memcpy(file.data() + sizeof(head), &segment, sizeof(segment));
    for (const Elf64_Shdr& section : sections) file += raw(section);
  }
};

}  // namespace aspis::testing
