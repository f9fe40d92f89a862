// SPDX-License-Identifier: Apache-2.0
#include "probes/cpython/find.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>

#include "base/fd.h"
#include "probes/cpython/layouts.h"
#include "probes/cpython/raising.h"
#include "probes/elf/elf_file.h"

namespace aspis::cpython {
namespace {

constexpr std::string_view kLibraryPrefix = "libpython3.";
constexpr int kFirstMinor = 8;  // the first with audit events is 3.8

// The last component.
std::string_view base_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Takes a decimal number of at most three digits off `text`; -1 if there is none.
int take_number(std::string_view& text) {
  int number = -1;
  const std::string_view digits = text.substr(0, 3);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || text.empty() || !is_digit(text.front())) return -1;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

// "libpython3.12.so.1.0", "python3.13t" → 3.12, 3.13 without GIL. "python3" and "libpython3.so" say
// nothing.
bool version_from_name(std::string_view name, Interpreter& to) {
  const std::size_t at = name.find("python3.");
  if (at == std::string_view::npos) return false;
  std::string_view rest = name.substr(at + 8);
  const int minor = take_number(rest);
  if (minor < 0) return false;
  to.major = 3;
  to.minor = minor;
  to.free_threaded = rest.starts_with('t');
  return true;
}

// Py_Version (3.11 and later) is PY_VERSION_HEX: 0x030b02f0 is 3.11.2.
bool version_from_symbol(const elf::ElfFile& file, const std::optional<Elf64_Sym>& symbol,
                         Interpreter& to) {
  if (!symbol) return false;
  const auto word = file.word_at(symbol->st_value);
  if (!word || *word >> 24 != 3) return false;
  to.major = 3;
  to.minor = static_cast<int>(*word >> 16 & 0xff);
  to.micro = static_cast<int>(*word >> 8 & 0xff);
  return true;
}

// PY_VERSION as Py_GetVersion prints it: a string "3.N.M", "3.N.M+" or "3.N.Mrc1" in read-only
// data. The linker may have made it the tail of a longer one ("/opt/python-3.9.18"), so once the
// minor version is known (by the file's name) it need not stand alone.
bool version_from_strings(const elf::ElfFile& file, Interpreter& to) {
  const auto bytes = file.section(".rodata");
  if (!bytes) return false;
  constexpr std::size_t kSuffixMax = 4;
  for (std::size_t at = bytes->find("3.", 1); at != std::string::npos;
       at = bytes->find("3.", at + 1)) {
    const char before = (*bytes)[at - 1];
    if (to.major == 0 ? before != '\0' : is_digit(before) || before == '.') continue;
    std::string_view rest = std::string_view(*bytes).substr(at + 2);
    const int minor = take_number(rest);
    if (minor < 0 || !rest.starts_with('.')) continue;
    rest.remove_prefix(1);
    const int micro = take_number(rest);
    if (micro < 0 || rest.substr(0, kSuffixMax + 1).find('\0') == std::string_view::npos) continue;
    if (to.major != 0 && to.minor != minor) continue;
    to.major = 3;
    to.minor = minor;
    to.micro = micro;
    return true;
  }
  return false;
}

bool has_audit_probe(const elf::ElfFile& file) {
  const auto notes = file.stap_notes();
  return std::any_of(notes.begin(), notes.end(), [](const elf::StapNote& note) {
    return note.provider == "python" && note.name == "audit";
  });
}

// The libpython that the file is linked to; false if to none that has audit events.
bool find_needed(const elf::Dynamic& dynamic, Interpreter& to) {
  for (const std::string& needed : dynamic.needed) {
    if (!needed.starts_with(kLibraryPrefix)) continue;
    to.library = needed;
    to.runpath = dynamic.runpath;
    return version_from_name(needed, to) && to.minor >= kFirstMinor;
  }
  return false;
}

void choose_layout(const elf::ElfFile& file, Interpreter& to) {
  const aspis_python_layout* layout = layout_for(to.major, to.minor, to.free_threaded);
  if (layout == nullptr) {
    to.layout_problem = "its version is not known";
    return;
  }
  to.layout_problem = layout_problem(file, *layout);
  if (to.layout_problem.empty()) to.layout = static_cast<int>(layout - layouts().data());
}

std::optional<Interpreter> examine(elf::ByteSource source, std::string_view name,
                                   std::string& reason) {
  const auto file = elf::ElfFile::open(source, reason);
  if (!file) return std::nullopt;
  Interpreter result;
  const auto symbols = file->symbols({"PySys_Audit", "Py_Version", "_Py_MergeZeroLocalRefcount"});
  const elf::Dynamic dynamic = file->dynamic();
  if (!symbols[0] && !has_audit_probe(*file)) {
    if (!find_needed(dynamic, result)) {
      reason = "no CPython 3.8 or later in it";
      return std::nullopt;
    }
  } else if (!version_from_name(base_name(dynamic.soname), result)) {
    version_from_name(base_name(name), result);
  }
  if (result.library.empty() && !version_from_symbol(*file, symbols[1], result)) {
    version_from_strings(*file, result);
  }
  result.free_threaded |= symbols[2].has_value();
  result.build_id = file->build_id();
  if (result.library.empty()) {
    result.sites = find_sites(*file, result.minor);
    choose_layout(*file, result);
  }
  return result;
}

}  // namespace

std::optional<Interpreter> inspect_bytes(std::span<const char> bytes, std::string_view name,
                                         std::string* reason) {
  std::string why;
  auto result = examine(elf::ByteSource(bytes), name, why);
  if (result) result->path = result->shown = name;
  if (reason != nullptr) *reason = std::move(why);
  return result;
}

Result<std::optional<Interpreter>> inspect(const std::string& path, std::string* reason) {
  // O_NONBLOCK: opening a FIFO must not wait for its other end.
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd.valid()) return fail_errno("cannot open " + path);
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) return fail_errno("cannot read " + path);
  std::string why;
  std::optional<Interpreter> result;
  if (!S_ISREG(status.st_mode)) {
    why = "not a regular file";
  } else {
    const auto size = static_cast<std::uint64_t>(status.st_size);
    result = examine(elf::ByteSource(fd.get(), size), path, why);
  }
  if (result) {
    result->path = result->shown = path;
    result->device = status.st_dev;
    result->inode = status.st_ino;
    result->changed = static_cast<std::uint64_t>(status.st_ctim.tv_sec) * 1'000'000'000 +
                      static_cast<std::uint64_t>(status.st_ctim.tv_nsec);
  }
  if (reason != nullptr) *reason = std::move(why);
  return result;
}

Result<std::vector<Site>> raising_sites(const Interpreter& interpreter) {
  const Fd fd(::open(interpreter.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat status{};
  if (!fd.valid() || ::fstat(fd.get(), &status) != 0)
    return fail_errno("cannot read " + interpreter.path);
  std::string why;
  const auto file = elf::ElfFile::open(
      elf::ByteSource(fd.get(), static_cast<std::uint64_t>(status.st_size)), why);
  auto sites = file ? find_raising_sites(*file, interpreter.minor, why) : std::vector<Site>();
  if (sites.empty()) return fail(why);
  return sites;
}

}  // namespace aspis::cpython
