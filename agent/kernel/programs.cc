// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/programs.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include <algorithm>

#include "bpf/abi/policy.h"

namespace aspis {
namespace {

constexpr std::string_view kLsm = "lsm__";
constexpr std::string_view kFmodRet = "fmr__";
constexpr std::string_view kTracepoint = "tp__";
constexpr std::string_view kSyscall = "sys__";

constexpr std::string_view kGuard = "guard_";

// Nobody but a profile asks there.
constexpr std::string_view kEnforcingOnly[] = {
    "bprm_creds_for_exec",  "bprm_creds_from_file", "file_lock",
    "file_permission",      "file_receive",         "ptrace_traceme",
    "sk_free_security",     "socket_accept",        "socket_getpeername",
    "socket_getsockname",   "socket_getsockopt",    "socket_post_create",
    "socket_recvmsg",       "socket_setsockopt",    "socket_shutdown",
    "task_setrlimit",       "unix_may_send",        "unix_stream_connect",
    "uring_override_creds", "uring_sqpoll",         "task_prctl",
    "inode_create",         "inode_unlink",
};

/// The hooks that a class is enforced by.
struct ClassHook {
  aspis_class kind;
  std::string_view rules, hook;
};
constexpr ClassHook kClassHooks[] = {
    {ASPIS_CLASS_CAPABILITY, "capability", "capable"},
    {ASPIS_CLASS_SIGNAL, "signal", "task_kill"},
    {ASPIS_CLASS_PTRACE, "ptrace", "ptrace_access_check"},
    {ASPIS_CLASS_PTRACE, "ptrace", "ptrace_traceme"},
    {ASPIS_CLASS_MOUNT, "mount", "sb_mount"},
    {ASPIS_CLASS_MOUNT, "mount", "move_mount"},
    {ASPIS_CLASS_MOUNT, "umount", "sb_umount"},
    {ASPIS_CLASS_MOUNT, "pivot_root", "sb_pivotroot"},
    {ASPIS_CLASS_RLIMIT, "rlimit", "task_setrlimit"},
    {ASPIS_CLASS_USERNS, "userns", "userns_create"},
    {ASPIS_CLASS_CHANGE_PROFILE, "change_profile", "task_prctl"},
    {ASPIS_CLASS_IO_URING, "io_uring", "uring_override_creds"},
    {ASPIS_CLASS_IO_URING, "io_uring", "uring_sqpoll"},
    {ASPIS_CLASS_MQUEUE, "mqueue", "inode_create"},
    {ASPIS_CLASS_MQUEUE, "mqueue", "inode_unlink"},
    {ASPIS_CLASS_NETWORK, "network", "socket_create"},
    {ASPIS_CLASS_NETWORK, "network", "socket_bind"},
    {ASPIS_CLASS_NETWORK, "network", "socket_connect"},
    {ASPIS_CLASS_NETWORK, "network", "socket_listen"},
    {ASPIS_CLASS_NETWORK, "network", "socket_accept"},
    {ASPIS_CLASS_NETWORK, "network", "socket_sendmsg"},
    {ASPIS_CLASS_NETWORK, "network", "socket_recvmsg"},
    {ASPIS_CLASS_NETWORK, "network", "socket_getsockname"},
    {ASPIS_CLASS_NETWORK, "network", "socket_getpeername"},
    {ASPIS_CLASS_NETWORK, "network", "socket_getsockopt"},
    {ASPIS_CLASS_NETWORK, "network", "socket_setsockopt"},
    {ASPIS_CLASS_NETWORK, "network", "socket_shutdown"},
    {ASPIS_CLASS_UNIX, "unix", "socket_post_create"},
    {ASPIS_CLASS_UNIX, "unix", "unix_stream_connect"},
    {ASPIS_CLASS_UNIX, "unix", "unix_may_send"},
};

/// Classes that the backend tracepoint does not decide on.
struct ClassWithoutHooks {
  aspis_class kind;
  std::string_view rules;
};
constexpr ClassWithoutHooks kWithoutHooks[] = {
    {ASPIS_CLASS_CAPABILITY, "capability"}, {ASPIS_CLASS_SIGNAL, "signal"},
    {ASPIS_CLASS_PTRACE, "ptrace"},         {ASPIS_CLASS_MOUNT, "mount"},
    {ASPIS_CLASS_USERNS, "userns"},         {ASPIS_CLASS_IO_URING, "io_uring"},
    {ASPIS_CLASS_UNIX, "unix peer"},        {ASPIS_CLASS_RLIMIT, "rlimit (raising it)"},
    {ASPIS_CLASS_MQUEUE, "mqueue"},
};

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

std::string_view hook_of(std::string_view program) {
  const auto end = program.find("__");
  return end == std::string_view::npos ? program : program.substr(end + 2);
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

bool of_a_backend(std::string_view program) {
  return program.starts_with(kLsm) || program.starts_with(kFmodRet) ||
         program.starts_with(kTracepoint) || program.starts_with(kSyscall);
}

std::string_view Missing::hook() const {
  return hook_of(program);
}

std::vector<Missing> select_programs(bpf_object* object, Backend backend, const btf* kernel,
                                     bool enforcing, bool guard) {
  std::vector<Missing> missing;
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, object) {
    const std::string_view name = bpf_program__name(program);
    if (!of_a_backend(name)) continue;
    bool load = belongs_to(name, backend);
    if (!enforcing && std::ranges::count(kEnforcingOnly, hook_of(name)) != 0) load = false;
    if (hook_of(name).starts_with(kGuard) && !guard) load = false;
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

std::vector<Unenforced> unenforced_classes(Backend backend, const std::vector<Missing>& missing) {
  std::vector<Unenforced> found;
  if (backend == Backend::kTracepoint) {
    for (const ClassWithoutHooks& entry : kWithoutHooks)
      found.push_back({entry.kind, entry.rules, "there is no hook to decide at"});
    return found;
  }
  for (const Missing& program : missing) {
    for (const ClassHook& entry : kClassHooks) {
      if (entry.hook == program.hook())
        found.push_back(
            {entry.kind, entry.rules, "hook " + std::string(entry.hook) + ": " + program.reason});
    }
  }
  return found;
}

bool attached_directly(std::string_view program) {
  return !program.starts_with(kSyscall);
}

}  // namespace aspis
