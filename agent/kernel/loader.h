// SPDX-License-Identifier: Apache-2.0
// Puts the BPF programs and maps into the kernel, fitted to it and to what is asked for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "agent/kernel/backend.h"
#include "agent/kernel/guarded_place.h"
#include "agent/kernel/kernel_side.h"
#include "base/result.h"
#include "bpf/abi/event.h"
#include "bpf/abi/guard.h"
#include "bpf/abi/python_layout.h"

namespace aspis {

struct ObserverOptions {
  std::optional<Backend> backend;  ///< none: the best that works
  bool all = false;                ///< every task of the machine
  /// Profiles attach to what any task executes, not only the tracked ones; those that this confines
  /// are tracked from then on, `attached_quiet`: of what they do in the kernel only what profiles
  /// report is told.
  bool attaching = false, attached_quiet = false;
  bool holding = false;  ///< a process that maps an unknown image waits for Probes::release_image()
  bool selectors = false;              ///< exec asks track_executable's and track_cgroup's sets
  std::size_t ring_bytes = 16U << 20;  ///< a power of two, at least a page
  std::size_t arena_bytes = 0;         ///< room for policy, a power of two; 0: nothing is enforced
  std::size_t signed_files = 0;        ///< room for files whose code may be loaded where profiles
                                       ///< require it to be signed; 0: none does
  std::span<const aspis_python_layout> layouts;  ///< of CPython's objects
  aspis_stacks stacks = ASPIS_STACKS_DENIED;     ///< which events carry Python frames
  bool guard = false;  ///< who is confined or in a container cannot touch the agent (abi/guard.h)
  std::vector<GuardedPlace> guarded;  ///< with `guard`: files of the agent's own
  bool raising = false;  ///< profiles deny audit events: raise exceptions where the kernel can
  /// Directory in a bpffs in which the kernel side is pinned, so that it outlives this process, and
  /// in which what another one has left is adopted; empty: neither.
  std::string pins;
  std::string version;  ///< of this program, as pins are to name it
};

/// What LoadFacts keeps of options.
LoadSettings load_settings(const ObserverOptions& options);
/// Number of the BPF object that is built in.
std::uint64_t built_in_object();

/// Chooses a backend by trying, loads what it and the options need, and fills the tables that do
/// not change. Nothing is attached, and no policy is in force. Fails with what the kernel refused
/// and what to do about it. `passed_over`: why better backends were, one line each.
Result<std::unique_ptr<KernelSide>> load_kernel_side(const ObserverOptions& options,
                                                     std::vector<std::string>& passed_over);

/// Hands the agent's tables to programs that another one has loaded. Fails where they are other
/// than those that it handed over.
Result<> check_tables(const KernelSide& side, const ObserverOptions& options);

}  // namespace aspis
