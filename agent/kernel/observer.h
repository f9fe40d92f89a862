// SPDX-License-Identifier: Apache-2.0
// Owner of the BPF programs, maps and links: everything that Aspis puts into the kernel, and takes
// out again when the Observer goes. Nothing is pinned.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "agent/kernel/backend.h"
#include "agent/kernel/policy_store.h"
#include "agent/kernel/probes.h"
#include "agent/kernel/programs.h"
#include "base/result.h"
#include "bpf/abi/event.h"
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
  bool raising = false;  ///< profiles deny audit events: raise exceptions where the kernel can
};

/// Counters of the BPF side, summed over CPUs.
struct KernelTotals {
  std::uint64_t produced = 0;                     ///< events begun, lost ones included
  std::uint64_t ring_full = 0, scratch_busy = 0;  ///< events lost
  std::uint64_t throttled = 0;                    ///< audit events left out (throttle.bpf.h)
  std::uint64_t task_full = 0;                    ///< tasks that could not be tracked
  std::uint64_t path_cut = 0, value_cut = 0, compat = 0;
  std::uint64_t code_lost = 0;  ///< code objects whose frames have no names
  std::uint64_t missed = 0;     ///< program runs that the kernel left out (nested in themselves)
};

class Observer {
 public:
  using Sink = std::function<void(std::span<const std::byte>)>;

  /// Sees every event in the order of their numbers, and what is sent of a code object
  /// (struct aspis_code) before any event with a frame of it. Loads and attaches. Fails with what
  /// the kernel refused and what to do about it.
  static Result<std::unique_ptr<Observer>> create(const ObserverOptions& options, Sink sink);
  ~Observer();
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;

  [[nodiscard]] Backend backend() const;
  /// With ObserverOptions::raising: whether the kernel can; then sites of raising functions
  /// (cpython::raising_sites) are to be attached.
  [[nodiscard]] bool raises() const;
  /// Why better backends were passed over, one line each.
  [[nodiscard]] const std::vector<std::string>& passed_over() const;
  /// Hooks of the backend that this kernel does not have or refused.
  [[nodiscard]] const std::vector<Missing>& missing() const;

  /// Is code that profiles require to be signed asked about, or why not? None: no profile required
  /// any at the start.
  [[nodiscard]] const std::optional<Trial>& signed_code() const;

  /// Tracks the process behind a pidfd, from find_tasks() on. `started`: a child of ours that has
  /// not run anything yet, so that it is not reported as found.
  Result<> track_process(int pidfd, bool started);
  /// The same for a child of ours, which its next execve puts under this profile.
  /// `quiet`: of what it does in the kernel only what profiles report is told.
  Result<> confine_child(int pidfd, std::uint16_t profile, bool quiet);

  /// Ids of the profiles that confine a process which started at `start` (ns, CLOCK_BOOTTIME);
  /// none, too, when the pidfd is of another.
  [[nodiscard]] std::vector<std::uint16_t> profiles_of(int pidfd, std::uint64_t start) const;

  /// A task that profiles confine.
  struct Confined {
    std::uint32_t pid = 0, tid = 0;       ///< initial pid namespace
    std::vector<std::uint16_t> profiles;  ///< their ids
  };
  /// Every task of the machine that is confined now.
  [[nodiscard]] Result<std::vector<Confined>> confined_tasks() const;

  /// What profiles decide; empty without ObserverOptions::arena_bytes.
  PolicyStore& policy();
  /// What is attached to interpreters.
  Probes& probes();
  /// Tracks every process that executes this file, from now on; running ones from find_tasks() on.
  /// `device` as stat(2) gives it.
  Result<> track_executable(std::uint64_t device, std::uint64_t inode);
  /// Tracks every process in this cgroup or below it. The id is the inode of the cgroup's
  /// directory.
  Result<> track_cgroup(std::uint64_t id);
  /// Goes through all running tasks: those selected become tracked and are told of as
  /// process.found.
  Result<> find_tasks();

  /// Readable when events wait; owned by the Observer.
  [[nodiscard]] int ring_fd() const;
  /// Hands waiting events to the sink; returns how many.
  Result<std::size_t> consume();

  [[nodiscard]] KernelTotals totals() const;

 private:
  struct Impl;
  explicit Observer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace aspis
