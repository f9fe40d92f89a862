// SPDX-License-Identifier: Apache-2.0
#include "probes/cpython/raising.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <span>
#include <string_view>
#include <utility>

#include "probes/cpython/code_search.h"
#include "probes/cpython/functions.h"

namespace aspis::cpython {
namespace {

using elf::ElfFile;
using elf::Piece;

constexpr int kFirstWithTstate = 9;          // up to 3.8 the whole work is done in PySys_Audit
constexpr std::uint32_t kReturnAddress = 8;  // bytes on the stack at a function's first instruction
// More than any build has of them; callers of a function that other functions than these call, too.
constexpr std::size_t kSitesMax = 16;
constexpr std::size_t kCallersMax = 8;
constexpr std::size_t kAnyCallersMax = 1024;  // of PySys_Audit, every module is one

/// Whether it can be the format of an event's arguments (Doc/c-api/arg.rst: Py_BuildValue).
bool is_format(std::string_view text) {
  constexpr std::size_t kFormatMax = 32;
  return !text.empty() && text.size() <= kFormatMax &&
         text.find_first_not_of("OSUNszyuihbnlLIHBkKC()#, ") == std::string_view::npos;
}

std::string hex(std::uint64_t address) {
  std::array<char, 24> text{};
  std::snprintf(text.data(), text.size(), "0x%llx", static_cast<unsigned long long>(address));
  return text.data();
}

class Finder {
 public:
  Finder(const ElfFile& file, int minor, std::string& why)
      : file_(file), minor_(minor), why_(why) {}

  std::vector<Site> find() && {
    const auto symbols = file_.symbols({"PySys_Audit", "PyErr_SetString", "PyExc_PermissionError"});
    const auto audit = symbols[0], raise = symbols[1], exception = symbols[2];
    if (!audit || !raise || !exception) {
      why_ = "PySys_Audit, PyErr_SetString or PyExc_PermissionError is not exported";
      return {};
    }
    audit_ = *audit;
    site_.row.raise_function = raise->st_value;
    site_.row.raise_exception = exception->st_value;
    code_ = file_.code();
    const Sites seen = find_sites(file_, minor_);
    const bool found = seen.probe == Probe::kUsdt ? by_usdt(seen) : by_calls();
    return found ? std::move(sites_) : std::vector<Site>();
  }

 private:
  bool fail(std::string why) {
    why_ = std::move(why);
    return false;
  }

  bool add(std::uint64_t function, aspis_site_form form) {
    const auto offset = file_.offset_in(function, 1, PF_X);
    if (!offset || !is_loaded(file_, code_, function)) return fail("a function is not in the file");
    const auto same = [&](const Site& site) { return site.offset == *offset; };
    if (std::any_of(sites_.begin(), sites_.end(), same)) return true;
    if (sites_.size() == kSitesMax) return fail("too many functions");
    site_.row.form = static_cast<__u8>(form);
    site_.row.offset = form == ASPIS_SITE_CALL || form == ASPIS_SITE_SYS_AUDIT ? 0 : kReturnAddress;
    site_.row.location = function;
    site_.offset = *offset;
    sites_.push_back(site_);
    return true;
  }

  /// Without USDT: sys_audit_tstate is called by two functions that are told by what they are, and
  /// what sys.audit is asked never gets there.
  bool by_calls() {
    if (minor_ < kFirstWithTstate) {
      if (!add(audit_.st_value, ASPIS_SITE_ENTRY)) return false;
    } else {
      const std::uint64_t function = find_tstate_function(code_, audit_);
      if (function == 0 || find_calls(code_, function).size() < 2)
        return fail("sys_audit_tstate is not found in it");
      if (!add(function, ASPIS_SITE_CALL)) return false;
    }
    const std::uint64_t audit = find_sys_audit(file_, code_);
    if (audit == 0) return fail("sys.audit is not found in it");
    return add(audit, ASPIS_SITE_SYS_AUDIT);
  }

  /// With the USDT's semaphore up all events go on to where the probe is, those of sys.audit, too.
  /// sys_audit_tstate, which has it, may be there several times, for some of its callers, inside of
  /// others, and with whatever arguments the compiler liked. So it is entered at what CPython
  /// calls: PySys_Audit(event, format, ...) and _PySys_Audit(tstate, event, format, ...), of which
  /// there may be copies. That they take variable arguments keeps them as they are. Each place of
  /// the probe must be in one of them, or in a function that only they call.
  bool by_usdt(const Sites& seen) {
    if (!seen.missed.empty()) return fail(seen.missed.front());
    site_.semaphore = seen.sites.front().semaphore;
    const auto functions = Functions::of(file_, code_, audit_.st_value);
    if (!functions) return fail("it has no unwind table that says where functions begin");
    for (const Site& place : seen.sites) {
      if (place.semaphore != site_.semaphore) return fail("its USDT probe has several semaphores");
      if (!enter(*functions, place.row.location, true)) return false;
    }
    const auto is_audit = [&](const Site& site) { return site.row.location == audit_.st_value; };
    if (std::none_of(sites_.begin(), sites_.end(), is_audit))
      return fail("PySys_Audit does not lead to its USDT probe");
    return !call_one_another(*functions);
  }

  /// Adds the function that the instruction is in, or, of a place of the probe, those that call it.
  bool enter(const Functions& functions, std::uint64_t address, bool place) {
    const auto function = functions.function_of(address);
    if (!function) return fail("it is not sure which function has the code at " + hex(address));
    if (function->begin == audit_.st_value) return add(function->begin, ASPIS_SITE_ENTRY);
    const std::vector<std::uint64_t> callers = functions.callers(*function);
    if (callers.size() > kAnyCallersMax) return fail("too many functions raise events");
    if (functions.is_variadic_after_three(*function)) {
      for (const std::uint64_t call : callers)
        if (!functions.passes_third(call, is_format))
          return fail("no format of arguments is seen to be passed at " + hex(call));
      return add(function->begin, ASPIS_SITE_INNER);
    }
    if (!place || callers.empty() || callers.size() > kCallersMax)
      return fail("the arguments of its function at " + hex(function->begin) + " are not known");
    return std::all_of(callers.begin(), callers.end(),
                       [&](std::uint64_t call) { return enter(functions, call, false); });
  }

  /// One event must not enter two of the functions.
  bool call_one_another(const Functions& functions) {
    for (const Site& site : sites_) {
      const auto function = functions.function_at(site.row.location);
      if (!function) continue;
      const std::vector<std::uint64_t> callers = functions.callers(*function);
      if (callers.size() > kAnyCallersMax) return !fail("too many functions raise events");
      for (const std::uint64_t call : callers) {
        const auto caller = functions.function_of(call);
        const auto is_site = [&](const Site& one) {
          return caller && one.row.location == caller->begin;
        };
        if (std::any_of(sites_.begin(), sites_.end(), is_site))
          return !fail("the functions that raise its events call one another");
      }
    }
    return false;
  }

  const ElfFile& file_;
  int minor_;
  std::string& why_;
  std::vector<Piece> code_;
  Elf64_Sym audit_{};
  Site site_;  ///< what all of them have in common
  std::vector<Site> sites_;
};

}  // namespace

std::vector<Site> find_raising_sites(const ElfFile& file, int minor, std::string& why) {
  return Finder(file, minor, why).find();
}

}  // namespace aspis::cpython
