// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/programs.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>

namespace aspis {
namespace {

constexpr std::string_view kLsm = "lsm__";
constexpr std::string_view kFmodRet = "fmr__";
constexpr std::string_view kTracepoint = "tp__";
constexpr std::string_view kSyscall = "sys__";

bool belongs_to(std::string_view program, Backend backend) {
  switch (backend) {
    case Backend::kLsm:
      return program.starts_with(kLsm);
    case Backend::kFmodRet:
      return program.starts_with(kFmodRet);
    case Backend::kTracepoint:
      return program.starts_with(kTracepoint) || program.starts_with(kSyscall);
  }
  return false;
}

bool of_a_backend(std::string_view program) {
  return program.starts_with(kLsm) || program.starts_with(kFmodRet) ||
         program.starts_with(kTracepoint) || program.starts_with(kSyscall);
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

std::vector<Missing> select_programs(bpf_object* object, Backend backend, const btf* kernel) {
  std::vector<Missing> missing;
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, object) {
    const std::string_view name = bpf_program__name(program);
    if (!of_a_backend(name)) continue;
    bool load = belongs_to(name, backend);
    std::string_view section = bpf_program__section_name(program);
    if (section.starts_with('?')) section.remove_prefix(1);
    if (load && !kernel_has(kernel, section)) {
      missing.push_back({std::string(name), "this kernel has no such hook", false});
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
