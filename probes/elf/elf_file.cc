// SPDX-License-Identifier: Apache-2.0
#include "probes/elf/elf_file.h"

#include <algorithm>
#include <cstring>

namespace aspis::elf {
namespace {

constexpr std::size_t kSectionsMax = 16384;
constexpr std::size_t kSegmentsMax = 1024;
constexpr std::uint64_t kSectionMax = 16ULL << 20;  // bytes of one section that we would read
constexpr std::uint64_t kPieceMax = 64ULL << 20;    // of code or data
constexpr std::uint64_t kNoteMax = 1ULL << 20;
constexpr std::size_t kStringMax = 4096;
constexpr std::size_t kDynamicMax = 4096;  // entries
constexpr std::uint32_t kStapNoteType = 3;

std::size_t align4(std::size_t n) {
  return (n + 3) & ~std::size_t{3};
}

// The NUL-terminated string at `offset`; empty if it does not end inside `table`, or is too long.
std::string_view string_at(std::string_view table, std::uint64_t offset) {
  if (offset >= table.size()) return {};
  const std::string_view rest = table.substr(offset, kStringMax);
  const std::size_t end = rest.find('\0');
  return end == std::string_view::npos ? std::string_view{} : rest.substr(0, end);
}

// Whether that string is `text`; without a search for its end, which a hostile file makes long.
bool is_string(std::string_view table, std::uint64_t offset, std::string_view text) {
  if (offset >= table.size()) return false;
  const std::string_view rest = table.substr(offset);
  return rest.size() > text.size() && rest[text.size()] == '\0' && rest.starts_with(text);
}

// Calls visit(type, owner, description) for every whole note in `notes`.
template <class Visit>
void each_note(std::string_view notes, Visit visit) {
  Elf64_Nhdr head;
  while (notes.size() >= sizeof(head)) {
    std::memcpy(&head, notes.data(), sizeof(head));
    notes.remove_prefix(sizeof(head));
    const std::size_t name = align4(head.n_namesz), description = align4(head.n_descsz);
    if (name > notes.size() || description > notes.size() - name) {
      // The last description need not be padded.
      if (name > notes.size() || head.n_descsz > notes.size() - name) return;
    }
    std::string_view owner = notes.substr(0, head.n_namesz);
    while (!owner.empty() && owner.back() == '\0') owner.remove_suffix(1);
    visit(head.n_type, owner, notes.substr(name, head.n_descsz));
    notes.remove_prefix(std::min(notes.size(), name + description));
  }
}

// Three words, then "provider\0name\0arguments\0".
std::optional<StapNote> parse_stap(std::string_view description) {
  std::uint64_t words[3];
  if (description.size() < sizeof(words)) return std::nullopt;
  std::memcpy(words, description.data(), sizeof(words));
  description.remove_prefix(sizeof(words));
  const std::string_view provider = string_at(description, 0);
  const std::string_view name = string_at(description, provider.size() + 1);
  if (provider.empty() || name.empty()) return std::nullopt;
  const std::string_view arguments = string_at(description, provider.size() + name.size() + 2);
  return StapNote{std::string(provider), std::string(name), words[0], words[2],
                  std::string(arguments)};
}

template <class T>
bool read_table(const ByteSource& source, std::uint64_t offset, std::size_t count,
                std::vector<T>& out) {
  if (offset > source.size() || count > (source.size() - offset) / sizeof(T)) return false;
  out.resize(count);
  return source.read(offset, out.data(), count * sizeof(T));
}

}  // namespace

std::optional<ElfFile> ElfFile::open(ByteSource source, std::string& reason) {
  ElfFile file(source);
  if (!file.load(reason)) return std::nullopt;
  return file;
}

bool ElfFile::load(std::string& reason) {
  Elf64_Ehdr head;
  if (!source_.read(0, &head, sizeof(head)) || std::memcmp(head.e_ident, ELFMAG, SELFMAG) != 0) {
    reason = "not an ELF file";
    return false;
  }
  if (head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_ident[EI_DATA] != ELFDATA2LSB ||
      head.e_machine != EM_X86_64) {
    reason = "built for another machine than x86-64";
    return false;
  }
  if (head.e_type != ET_EXEC && head.e_type != ET_DYN) {
    reason = "neither an executable nor a shared object";
    return false;
  }
  reason = "damaged ELF file";
  if (head.e_phentsize != sizeof(Elf64_Phdr) || head.e_phnum > kSegmentsMax ||
      !read_table(source_, head.e_phoff, head.e_phnum, segments_)) {
    return false;
  }
  if (head.e_shnum == 0) {
    reason = "no section headers: nothing can be found in it";
    return false;
  }
  if (head.e_shentsize != sizeof(Elf64_Shdr) || head.e_shnum > kSectionsMax ||
      !read_table(source_, head.e_shoff, head.e_shnum, sections_) ||
      head.e_shstrndx >= sections_.size()) {
    return false;
  }
  auto names = bytes_of(sections_[head.e_shstrndx]);
  if (!names) return false;
  section_names_ = std::move(*names);
  reason.clear();
  return true;
}

const Elf64_Shdr* ElfFile::find(std::string_view name) const {
  for (const Elf64_Shdr& section : sections_) {
    if (is_string(section_names_, section.sh_name, name)) return &section;
  }
  return nullptr;
}

const Elf64_Shdr* ElfFile::find_type(std::uint32_t type) const {
  for (const Elf64_Shdr& section : sections_) {
    if (section.sh_type == type) return &section;
  }
  return nullptr;
}

std::optional<std::string> ElfFile::bytes_of(const Elf64_Shdr& section) const {
  if (section.sh_type == SHT_NOBITS) return std::nullopt;
  return source_.read(section.sh_offset, section.sh_size,
                      section.sh_type == SHT_NOTE ? kNoteMax : kSectionMax);
}

std::optional<std::string> ElfFile::strings_of(const Elf64_Shdr& section) const {
  if (section.sh_link >= sections_.size()) return std::nullopt;
  return bytes_of(sections_[section.sh_link]);
}

std::optional<std::string> ElfFile::section(std::string_view name) const {
  const Elf64_Shdr* found = find(name);
  return found == nullptr ? std::nullopt : bytes_of(*found);
}

std::vector<StapNote> ElfFile::stap_notes() const {
  std::vector<StapNote> notes;
  const auto bytes = section(".note.stapsdt");
  if (!bytes) return notes;
  each_note(*bytes, [&](std::uint32_t type, std::string_view owner, std::string_view description) {
    if (type != kStapNoteType || owner != "stapsdt") return;
    if (auto note = parse_stap(description)) notes.push_back(std::move(*note));
  });
  return notes;
}

std::string ElfFile::build_id() const {
  std::string id;
  const auto bytes = section(".note.gnu.build-id");
  if (!bytes) return id;
  each_note(*bytes, [&](std::uint32_t type, std::string_view owner, std::string_view description) {
    if (type != NT_GNU_BUILD_ID || owner != "GNU" || description.size() > 64) return;
    id.clear();
    for (const char c : description) {
      const auto byte = static_cast<unsigned char>(c);
      id += "0123456789abcdef"[byte >> 4];
      id += "0123456789abcdef"[byte & 15];
    }
  });
  return id;
}

Dynamic ElfFile::dynamic() const {
  Dynamic result;
  const Elf64_Shdr* section = find_type(SHT_DYNAMIC);
  if (section == nullptr) return result;
  const auto bytes = bytes_of(*section);
  const auto strings = strings_of(*section);
  if (!bytes || !strings) return result;
  std::string rpath;
  const std::size_t entries = std::min(bytes->size() / sizeof(Elf64_Dyn), kDynamicMax);
  for (std::size_t i = 0; i < entries; ++i) {
    Elf64_Dyn entry;
    std::memcpy(&entry, bytes->data() + i * sizeof(entry), sizeof(entry));
    if (entry.d_tag == DT_NULL) break;
    const std::string_view text = string_at(*strings, entry.d_un.d_val);
    if (entry.d_tag == DT_NEEDED) result.needed.emplace_back(text);
    if (entry.d_tag == DT_SONAME) result.soname = text;
    if (entry.d_tag == DT_RUNPATH) result.runpath = text;
    if (entry.d_tag == DT_RPATH) rpath = text;
  }
  if (result.runpath.empty()) result.runpath = std::move(rpath);
  return result;
}

std::vector<std::optional<Elf64_Sym>> ElfFile::exports(
    const std::vector<std::string_view>& names) const {
  return symbols_of(SHT_DYNSYM, names);
}

std::vector<std::optional<Elf64_Sym>> ElfFile::symbols(
    const std::vector<std::string_view>& names) const {
  auto found = symbols_of(SHT_SYMTAB, names);
  const auto exported = symbols_of(SHT_DYNSYM, names);
  for (std::size_t i = 0; i < names.size(); ++i)
    if (!found[i]) found[i] = exported[i];
  return found;
}

std::vector<std::optional<Elf64_Sym>> ElfFile::symbols_of(
    std::uint32_t type, const std::vector<std::string_view>& names) const {
  std::vector<std::optional<Elf64_Sym>> found(names.size());
  const Elf64_Shdr* section = find_type(type);
  if (section == nullptr) return found;
  const auto strings = strings_of(*section);
  const auto contains = [&](std::string_view name) {
    return strings->find(name) != std::string::npos;
  };
  if (!strings || std::none_of(names.begin(), names.end(), contains)) return found;
  const auto bytes = bytes_of(*section);
  if (!bytes) return found;
  for (std::size_t at = 0; at + sizeof(Elf64_Sym) <= bytes->size(); at += sizeof(Elf64_Sym)) {
    Elf64_Sym symbol;
    std::memcpy(&symbol, bytes->data() + at, sizeof(symbol));
    if (symbol.st_shndx == SHN_UNDEF) continue;
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (is_string(*strings, symbol.st_name, names[i])) found[i] = symbol;
    }
  }
  return found;
}

// Sections with just these of the flags write and execute, and with bytes in the file.
std::vector<Piece> ElfFile::pieces(std::uint64_t flags, bool linkage) const {
  std::vector<Piece> found;
  std::uint64_t room = kPieceMax;
  for (const Elf64_Shdr& section : sections_) {
    constexpr std::uint64_t kAsked = SHF_WRITE | SHF_EXECINSTR;
    if (section.sh_type == SHT_NOBITS || (section.sh_flags & SHF_ALLOC) == 0 ||
        (section.sh_flags & kAsked) != flags)
      continue;
    const std::string_view names = section_names_;
    if (!linkage && section.sh_name < names.size() &&
        names.substr(section.sh_name).starts_with(".plt"))
      continue;
    auto bytes = source_.read(section.sh_offset, section.sh_size, room);
    if (!bytes) continue;
    room -= bytes->size();
    found.push_back({section.sh_addr, std::move(*bytes)});
  }
  return found;
}

std::vector<Piece> ElfFile::code() const {
  return pieces(SHF_EXECINSTR, false);
}

std::vector<Piece> ElfFile::constants() const {
  return pieces(0, true);
}

std::vector<Piece> ElfFile::data() const {
  return pieces(SHF_WRITE, true);
}

std::optional<Piece> ElfFile::segment(std::uint32_t type) const {
  const auto found = std::find_if(segments_.begin(), segments_.end(),
                                  [&](const Elf64_Phdr& one) { return one.p_type == type; });
  if (found == segments_.end()) return std::nullopt;
  auto bytes = source_.read(found->p_offset, found->p_filesz, kSectionMax);
  if (!bytes) return std::nullopt;
  return Piece{found->p_vaddr, std::move(*bytes)};
}

std::vector<Relative> ElfFile::relatives() const {
  std::vector<Relative> found;
  const auto bytes = section(".rela.dyn");
  if (!bytes) return found;
  for (std::size_t at = 0; at + sizeof(Elf64_Rela) <= bytes->size(); at += sizeof(Elf64_Rela)) {
    Elf64_Rela entry;
    std::memcpy(&entry, bytes->data() + at, sizeof(entry));
    if (ELF64_R_TYPE(entry.r_info) == R_X86_64_RELATIVE)
      found.push_back({entry.r_offset, static_cast<std::uint64_t>(entry.r_addend)});
  }
  return found;
}

std::optional<std::string> ElfFile::bytes_at(std::uint64_t address, std::uint64_t length) const {
  const auto offset = offset_of(address);
  return offset ? source_.read(*offset, length, kPieceMax) : std::nullopt;
}

std::optional<std::uint64_t> ElfFile::offset_in(std::uint64_t address, std::uint64_t length,
                                                std::uint32_t flags) const {
  for (const Elf64_Phdr& segment : segments_) {
    if (segment.p_type != PT_LOAD || (segment.p_flags & flags) != flags ||
        address < segment.p_vaddr || address - segment.p_vaddr >= segment.p_filesz)
      continue;
    const std::uint64_t inside = address - segment.p_vaddr;
    if (length > segment.p_filesz - inside || segment.p_offset > source_.size() ||
        inside >= source_.size() - segment.p_offset ||
        length > source_.size() - segment.p_offset - inside)
      continue;
    return segment.p_offset + inside;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> ElfFile::word_at(std::uint64_t address) const {
  std::uint64_t word = 0;
  const auto offset = offset_in(address, sizeof(word), 0);
  if (!offset || !source_.read(*offset, &word, sizeof(word))) return std::nullopt;
  return word;
}

}  // namespace aspis::elf
