// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/programs.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>

namespace aspis {
namespace {

constexpr std::string_view kSyscall = "sys__";

/// How the names of a backend's programs begin (bpf/lib/hook.bpf.h).
struct Prefix {
  std::string_view text;
  Backend backend;
  bool deciding;  ///< of use only where profiles decide
};
constexpr Prefix kPrefixes[] = {
    {"lsm__", Backend::kLsm, false},
    {"lsme__", Backend::kLsm, true},
    {"fmr__", Backend::kFmodRet, false},
    {"fmre__", Backend::kFmodRet, true},
    {"tp__", Backend::kTracepoint, false},
    {kSyscall, Backend::kTracepoint, false},
};

const Prefix* prefix_of(std::string_view program) {
  for (const Prefix& prefix : kPrefixes)
    if (program.starts_with(prefix.text)) return &prefix;
  return nullptr;
}

/// The name in the kernel's BTF that a program of this section attaches to.
bool kernel_has(const btf* kernel, std::string_view section) {
  const auto slash = section.find('/');
  if (slash == std::string_view::npos) return true;
  const std::string_view type = section.substr(0, slash);
  const std::string target(section.substr(slash + 1));
  if (type == "lsm")
    return btf__find_by_name_kind(kernel, ("bpf_lsm_" + target).c_str(), BTF_KIND_FUNC) > 0;
  if (type == "tp_btf")
    return btf__find_by_name_kind(kernel, ("btf_trace_" + target).c_str(), BTF_KIND_TYPEDEF) > 0;
  if (type == "fmod_ret" || type == "fentry")
    return btf__find_by_name_kind(kernel, target.c_str(), BTF_KIND_FUNC) > 0;
  return true;
}

}  // namespace

std::string_view Missing::hook() const {
  const auto end = program.find("__");
  return end == std::string::npos ? std::string_view(program)
                                  : std::string_view(program).substr(end + 2);
}

std::vector<Missing> select_programs(bpf_object* object, Backend backend, bool deciding,
                                     const btf* kernel) {
  std::vector<Missing> missing;
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, object) {
    const std::string_view name = bpf_program__name(program);
    const Prefix* prefix = prefix_of(name);
    if (prefix == nullptr) continue;
    bool load = prefix->backend == backend && (deciding || !prefix->deciding);
    std::string_view section = bpf_program__section_name(program);
    if (section.starts_with('?')) section.remove_prefix(1);
    if (load && !kernel_has(kernel, section)) {
      missing.push_back({std::string(name), "this kernel has no such hook"});
      load = false;
    }
    bpf_program__set_autoload(program, load);
  }
  return missing;
}

bool attached_directly(std::string_view program) {
  return !program.starts_with(kSyscall);
}

}  // namespace aspis
