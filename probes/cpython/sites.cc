// SPDX-License-Identifier: Apache-2.0
#include "probes/cpython/sites.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <set>
#include <span>
#include <unordered_map>
#include <utility>

#include "probes/cpython/code_search.h"
#include "probes/cpython/operand.h"
#include "probes/cpython/prologue.h"

namespace aspis::cpython {
namespace {

using elf::ElfFile;
using elf::Piece;

constexpr int kFirstWithTstate = 9;  // up to 3.8 the whole work is done in PySys_Audit
constexpr unsigned kVarargs = kRdi | kRsi | kRdx | kRcx | kR8 | kR9;
// What no build comes near, and a file made to waste our time exceeds. The table of sites is one
// for all interpreters: none may fill it alone.
constexpr std::size_t kUsdtMax = 16;
constexpr std::uint64_t kSemaphoreSize = 2;

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

 private:
  bool add(std::uint64_t address, aspis_site_form form, Site site = {}) {
    const auto offset = file_.offset_in(address, 1, PF_X);
    if (!offset || has_site(*offset)) return false;
    if (form != ASPIS_SITE_USDT && !is_loaded(file_, code_, address)) return false;
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
    const auto symbol = file_.symbols({"PySys_Audit"}).front();
    if (!symbol) return;
    code_ = file_.code();
    std::vector<std::uint64_t> calls;
    if (minor_ >= kFirstWithTstate) {
      if (const auto function = find_tstate_function(code_, *symbol); function != 0)
        calls = find_calls(code_, function);
    }
    for (const std::uint64_t call : calls) add(call, ASPIS_SITE_CALL);
    result_.probe = result_.sites.size() >= 2 ? Probe::kCalls : Probe::kEntry;
    if (result_.sites.size() < 2) {
      result_.sites.clear();
      add_function(symbol->st_value, ASPIS_SITE_ENTRY, kVarargs, "PySys_Audit");
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

}  // namespace aspis::cpython
