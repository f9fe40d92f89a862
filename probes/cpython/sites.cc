// SPDX-License-Identifier: Apache-2.0
#include "probes/cpython/sites.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <set>
#include <span>
#include <unordered_map>
#include <utility>

#include "probes/cpython/operand.h"
#include "probes/cpython/prologue.h"

namespace aspis::cpython {
namespace {

using elf::ElfFile;
using elf::Piece;

constexpr int kFirstWithTstate = 9;  // up to 3.8 the whole work is done in PySys_Audit
constexpr unsigned kVarargs = kRdi | kRsi | kRdx | kRcx | kR8 | kR9;
constexpr std::size_t kCallLength = 5;
constexpr std::size_t kCallsMax = 8;  // PySys_Audit and _PySys_Audit have one each
constexpr std::uint64_t kFunctionMax = 4096;
constexpr std::uint32_t kReturnAddress = 8;  // bytes on the stack at a function's first instruction
// What no build comes near, and a file made to waste our time exceeds. The table of sites is one
// for all interpreters: none may fill it alone.
constexpr std::size_t kUsdtMax = 16;
constexpr std::size_t kTextsMax = 256;
constexpr std::size_t kMethodsMax = 256;
constexpr std::uint64_t kSemaphoreSize = 2;

template <class T>
T load(std::string_view bytes, std::size_t at) {
  T value{};
  if (at <= bytes.size() && bytes.size() - at >= sizeof(value))
    std::memcpy(&value, bytes.data() + at, sizeof(value));
  return value;
}

const Piece* piece_of(std::span<const Piece> pieces, std::uint64_t address) {
  for (const Piece& piece : pieces)
    if (piece.contains(address)) return &piece;
  return nullptr;
}

std::string_view bytes_from(std::span<const Piece> pieces, std::uint64_t address) {
  const Piece* piece = piece_of(pieces, address);
  return piece == nullptr ? std::string_view()
                          : std::string_view(piece->bytes)
                                .substr(static_cast<std::size_t>(address - piece->address));
}

/// Target of the `call rel32` at `at` in the piece; 0 if there is none.
std::uint64_t call_target(const Piece& piece, std::size_t at) {
  if (piece.bytes[at] != '\xe8' || piece.bytes.size() - at < kCallLength) return 0;
  const auto relative = load<std::int32_t>(piece.bytes, at + 1);
  return piece.address + at + kCallLength + static_cast<std::uint64_t>(std::int64_t{relative});
}

/// Whether the instructions before a call set up a va_list: its first member is 16 or 24 (the
/// registers that the named arguments took), its second 48 (System V ABI, section 3.5.7).
bool makes_va_list(const Piece& piece, std::size_t call) {
  constexpr std::size_t kBefore = 256;
  const std::size_t from = call < kBefore ? 0 : call - kBefore;
  const std::string_view before = std::string_view(piece.bytes).substr(from, call - from);
  const auto has = [&](char number) {
    const char word[] = {number, 0, 0, 0};
    return before.find(std::string_view(word, sizeof(word))) != std::string_view::npos;
  };
  return (has(16) || has(24)) && has(48);
}

/// sys_audit_tstate: what the last call in PySys_Audit leads to.
std::uint64_t find_tstate_function(std::span<const Piece> code, const Elf64_Sym& symbol) {
  const Piece* piece = piece_of(code, symbol.st_value);
  if (piece == nullptr || symbol.st_size > kFunctionMax) return 0;
  const auto begin = static_cast<std::size_t>(symbol.st_value - piece->address);
  const std::size_t end =
      std::min(begin + static_cast<std::size_t>(symbol.st_size), piece->bytes.size());
  std::uint64_t found = 0;
  for (std::size_t at = begin; at + kCallLength <= end; ++at) {
    const std::uint64_t target = call_target(*piece, at);
    if (target != 0 && piece_of(code, target) != nullptr && makes_va_list(*piece, at))
      found = target;
  }
  return found;
}

/// Every call of the function; none if there are too many for it to be the one that is looked for.
std::vector<std::uint64_t> find_calls(std::span<const Piece> code, std::uint64_t function) {
  std::vector<std::uint64_t> calls;
  for (const Piece& piece : code) {
    for (std::size_t at = piece.bytes.find('\xe8'); at != std::string::npos;
         at = piece.bytes.find('\xe8', at + 1)) {
      if (call_target(piece, at) != function) continue;
      if (!makes_va_list(piece, at) || calls.size() == kCallsMax) return {};
      calls.push_back(piece.address + at);
    }
  }
  return calls;
}

/// Addresses at which the text "audit" ends a string of constants; none if there are too many.
std::vector<std::uint64_t> audit_texts(const ElfFile& file) {
  constexpr std::string_view kText("audit\0", 6);
  std::vector<std::uint64_t> found;
  for (const Piece& piece : file.constants()) {
    for (std::size_t at = piece.bytes.find(kText); at != std::string::npos;
         at = piece.bytes.find(kText, at + 1)) {
      if (found.size() == kTextsMax) return {};
      found.push_back(piece.address + at);
    }
  }
  return found;
}

/// The function of sys.audit: a PyMethodDef {name, function, flags} with this name, in data (Python
/// /sysmodule.c: sys_methods). 0 if there is none, or more than one.
std::uint64_t find_sys_audit(const ElfFile& file, std::span<const Piece> code) {
  constexpr std::uint32_t kFastCall = 0x80;  // METH_FASTCALL (Include/methodobject.h)
  const auto texts = audit_texts(file);
  if (texts.empty()) return 0;
  std::unordered_map<std::uint64_t, std::uint64_t> relative;  // place → value
  for (const auto& one : file.relatives()) relative.emplace(one.place, one.value);
  std::uint64_t found = 0;
  std::size_t looked_at = 0;
  for (const Piece& piece : file.data()) {
    const auto word = [&](std::size_t at) {
      const auto relocated = relative.find(piece.address + at);
      return relocated != relative.end() ? relocated->second : load<std::uint64_t>(piece.bytes, at);
    };
    for (std::size_t at = (8 - piece.address % 8) % 8; at + 24 <= piece.bytes.size(); at += 8) {
      if (std::find(texts.begin(), texts.end(), word(at)) == texts.end()) continue;
      if (++looked_at > kMethodsMax) return 0;
      const std::uint64_t function = word(at + 8);
      if (piece_of(code, function) == nullptr ||
          load<std::uint32_t>(piece.bytes, at + 16) != kFastCall)
        continue;
      if (found != 0 && found != function) return 0;
      found = function;
    }
  }
  return found;
}

/// Whether the bytes begin with a nop, as each USDT is until it is attached to: of one byte
/// (systemtap's sdt.h), or a longer one. A note that points elsewhere is stale, or a lie, and a
/// breakpoint there could end the program.
bool is_nop(std::string_view bytes) {
  return bytes.starts_with('\x90') || bytes.starts_with("\x66\x90") ||
         bytes.starts_with("\x0f\x1f") || bytes.starts_with("\x66\x0f\x1f");
}

constexpr std::size_t kNopMax = 5;
constexpr std::string_view kLongNop("\x0f\x1f\x44\0\0", kNopMax);

class Finder {
 public:
  Finder(const ElfFile& file, int minor) : file_(file), minor_(minor) {}

  Sites find() && {
    if (!usdt()) functions();
    return std::move(result_);
  }

  std::vector<Site> find_raising(std::string& why) && {
    const auto symbols = file_.symbols({"PySys_Audit", "PyErr_SetString", "PyExc_PermissionError"});
    if (!symbols[0] || !symbols[1] || !symbols[2]) {
      why = "PySys_Audit, PyErr_SetString or PyExc_PermissionError is not exported";
      return {};
    }
    Site site;
    site.row.raise_function = symbols[1]->st_value;
    site.row.raise_exception = symbols[2]->st_value;
    code_ = file_.code();
    const bool by_usdt = usdt();
    if (by_usdt) {
      // With the USDT's semaphore up all events go on to where the probe is, those of sys.audit
      // too. One place is one function; several are copies of it, whose beginnings are not known.
      site.semaphore = result_.sites.front().semaphore;
      if (result_.sites.size() != 1) {
        why = "the compiler has made several functions of sys_audit_tstate";
        return {};
      }
    }
    result_.sites.clear();
    if (minor_ < kFirstWithTstate) {
      site.row.offset = kReturnAddress;
      add_raising(symbols[0]->st_value, ASPIS_SITE_ENTRY, site);
    } else {
      const std::uint64_t function = find_tstate_function(code_, *symbols[0]);
      if (function == 0 || find_calls(code_, function).size() < 2) {
        why = "sys_audit_tstate is not found in it";
        return {};
      }
      add_raising(function, ASPIS_SITE_CALL, site);
    }
    if (!by_usdt) {
      const std::uint64_t audit = find_sys_audit(file_, code_);
      if (audit == 0) {
        why = "sys.audit is not found in it";
        return {};
      }
      add_raising(audit, ASPIS_SITE_SYS_AUDIT, site);
    }
    if (!result_.missed.empty()) {
      why = result_.missed.front();
      return {};
    }
    return std::move(result_.sites);
  }

 private:
  bool add(std::uint64_t address, aspis_site_form form, Site site = {}) {
    const auto offset = file_.offset_in(address, 1, PF_X);
    if (!offset || has_site(*offset)) return false;
    if (form != ASPIS_SITE_USDT && !is_loaded(address)) return false;
    site.row.form = static_cast<__u8>(form);
    site.row.location = address;
    site.offset = *offset;
    result_.sites.push_back(site);
    return true;
  }

  [[nodiscard]] bool has_site(std::uint64_t offset) const {
    return std::any_of(result_.sites.begin(), result_.sites.end(),
                       [&](const Site& site) { return site.offset == offset; });
  }

  /// Whether a process has at this address the code that the sections say is there.
  [[nodiscard]] bool is_loaded(std::uint64_t address) const {
    constexpr std::size_t kCompared = 8;
    const std::string_view code = bytes_from(code_, address).substr(0, kCompared);
    return !code.empty() && file_.bytes_at(address, code.size()) == code;
  }

  void add_function(std::uint64_t function, aspis_site_form form, unsigned needed,
                    std::string_view name) {
    const PrologueSite place = find_prologue_site(bytes_from(code_, function), needed);
    Site site;
    site.row.offset = place.stack;
    if (!add(function + place.offset, form, site)) return;
    if (!place.emulated)
      result_.missed.push_back("nothing, but " + std::string(name) +
                               " begins with an instruction that is slow to probe");
  }

  bool usdt() {
    std::set<std::uint64_t> locations;
    for (const elf::StapNote& note : file_.stap_notes()) {
      if (note.provider != "python" || note.name != "audit") continue;
      if (!locations.insert(note.location).second) continue;
      const auto operands = parse_operands(note.arguments);
      if (!operands || operands->size() < 2 || result_.sites.size() == kUsdtMax) continue;
      const std::string bytes = file_.bytes_at(note.location, kNopMax).value_or("");
      if (!is_nop(bytes)) continue;
      Site site;
      site.long_nop = bytes.starts_with(kLongNop);
      site.row.name = (*operands)[0];
      site.row.tuple = (*operands)[1];
      if (note.semaphore != 0) {
        const auto semaphore = file_.offset_in(note.semaphore, kSemaphoreSize, PF_W);
        if (!semaphore || *semaphore % kSemaphoreSize != 0) continue;
        site.semaphore = *semaphore;
      }
      add(note.location, ASPIS_SITE_USDT, site);
    }
    if (result_.sites.empty()) return false;
    result_.probe = Probe::kUsdt;
    if (result_.sites.size() != locations.size())
      result_.missed.push_back(std::to_string(locations.size() - result_.sites.size()) + " of " +
                               std::to_string(locations.size()) + " places of the USDT probe");
    return true;
  }

  void functions() {
    const auto symbols = file_.symbols({"PySys_Audit"});
    if (!symbols[0]) return;
    code_ = file_.code();
    std::vector<std::uint64_t> calls;
    if (minor_ >= kFirstWithTstate) {
      if (const auto function = find_tstate_function(code_, *symbols[0]); function != 0)
        calls = find_calls(code_, function);
    }
    for (const std::uint64_t call : calls) add(call, ASPIS_SITE_CALL);
    result_.probe = result_.sites.size() >= 2 ? Probe::kCalls : Probe::kEntry;
    if (result_.sites.size() < 2) {
      result_.sites.clear();
      add_function(symbols[0]->st_value, ASPIS_SITE_ENTRY, kVarargs, "PySys_Audit");
      if (minor_ != kFirstWithTstate - 1)
        result_.missed.emplace_back("most import and exec events, sys.settrace, sys._getframe");
    }
    if (const std::uint64_t audit = find_sys_audit(file_, code_); audit != 0)
      add_function(audit, ASPIS_SITE_SYS_AUDIT, kRsi | kRdx, "sys.audit");
    else
      result_.missed.emplace_back(
          "events that Python code raises by sys.audit (subprocess.Popen, urllib.Request, …)");
    if (result_.sites.empty()) result_.probe = Probe::kNone;
  }

  /// A function as a whole, by its first instruction: that it is slow to probe counts for less.
  void add_raising(std::uint64_t function, aspis_site_form form, const Site& site) {
    if (!add(function, form, site))
      result_.missed.emplace_back("a function that is not in the file");
  }

  const ElfFile& file_;
  int minor_;
  std::vector<Piece> code_;
  Sites result_;
};

}  // namespace

std::string_view probe_name(Probe probe) {
  switch (probe) {
    case Probe::kRaise:
      return "raise";
    case Probe::kUsdt:
      return "usdt";
    case Probe::kCalls:
      return "calls";
    case Probe::kEntry:
      return "entry";
    case Probe::kNone:
      break;
  }
  return "none";
}

Sites find_sites(const ElfFile& file, int minor) {
  return Finder(file, minor).find();
}

std::vector<Site> find_raising_sites(const ElfFile& file, int minor, std::string& why) {
  return Finder(file, minor).find_raising(why);
}

}  // namespace aspis::cpython
