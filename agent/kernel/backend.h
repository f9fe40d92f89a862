// SPDX-License-Identifier: Apache-2.0
// The means by which the kernel is watched, best first.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace aspis {

enum class Backend {
  kLsm,         ///< BPF programs on LSM hooks; wants "bpf" in lsm=
  kFmodRet,     ///< fmod_ret programs on the security_* functions; wants trampolines
  kTracepoint,  ///< typed tracepoints at the end of system calls
};

inline constexpr std::array kBackends = {Backend::kLsm, Backend::kFmodRet, Backend::kTracepoint};

/// "lsm", "fmod_ret", "tracepoint": as --hooks takes it.
std::string_view backend_name(Backend backend);
std::optional<Backend> backend_from_name(std::string_view name);

/// What a trial said.
struct Trial {
  bool works = false;
  std::string why_not;  ///< "loading refused: Operation not permitted", …
};

/// Loads, attaches and triggers a small program of this backend, then takes it away again.
/// Needs CAP_BPF and CAP_PERFMON. Costs a few milliseconds.
Trial try_backend(Backend backend);

/// Can the digest of fs-verity be asked for at each open? If not, it says what would be needed.
Trial try_signed_code();

/// Trials of the two other kinds of program that observation needs.
Trial try_task_iterator();
Trial try_uprobe();
/// May programs write the registers of the process they run in (6.18 and later, without lockdown)?
/// Then the kernel can raise a Python exception (bpf/lib/raise.bpf.h).
Trial try_register_write();

}  // namespace aspis
