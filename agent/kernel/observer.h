// SPDX-License-Identifier: Apache-2.0
// What Aspis has in the kernel, at work: it is loaded, or adopted from where another agent has left
// it pinned. Without pins everything is taken out again when the Observer goes.
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
#include "agent/kernel/cgroup_store.h"
#include "agent/kernel/confined.h"
#include "agent/kernel/kernel_figures.h"
#include "agent/kernel/loader.h"
#include "agent/kernel/policy_store.h"
#include "agent/kernel/probes.h"
#include "agent/kernel/programs.h"
#include "base/result.h"

namespace aspis {

/// Counters of the BPF side, summed over CPUs.
struct KernelTotals {
  std::uint64_t produced = 0;                     ///< events begun, lost ones included
  std::uint64_t ring_full = 0, scratch_busy = 0;  ///< events lost
  std::uint64_t throttled = 0;                    ///< audit events left out (throttle.bpf.h)
  std::uint64_t task_full = 0;                    ///< tasks that could not be tracked
  std::uint64_t path_cut = 0, value_cut = 0, compat = 0;
  std::uint64_t code_lost = 0;       ///< code objects whose frames have no names
  std::uint64_t cgroup_unknown = 0;  ///< programs that no container=(…) could choose (abi/event.h)
  std::uint64_t missed = 0;  ///< program runs that the kernel left out (nested in themselves)
};

class Observer {
 public:
  using Sink = std::function<void(std::span<const std::byte>)>;

  /// Sees every event in the order of their numbers, and what is sent of a code object
  /// (struct aspis_code) before any event with a frame of it. Loads, attaches and pins, or adopts.
  /// Fails with what the kernel refused and what to do about it.
  static Result<std::unique_ptr<Observer>> create(const ObserverOptions& options, Sink sink);
  ~Observer();
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;

  /// What was found pinned by another agent, and is gone on with.
  struct Adoption {
    std::uint64_t since = 0;     ///< when an agent last looked, ns of CLOCK_BOOTTIME
    std::uint64_t waiting = 0;   ///< bytes of what profiles have reported and nobody has released
    std::uint64_t sequence = 0;  ///< number of the last event until then
    std::uint64_t lost = 0;      ///< events that had found no room until then
  };
  [[nodiscard]] const std::optional<Adoption>& adoption() const;
  /// Everything stays in the kernel when this goes.
  [[nodiscard]] bool pinned() const;
  /// Looks whether all that was pinned still is, and pins it again if somebody has removed some of
  /// it or unmounted the bpffs. True: that had to be done. An error: it cannot be, for now, and
  /// enforcement ends with this process. Nothing pinned at all: false.
  Result<bool> keep_pinned();
  /// Looks again which of the agent's own files there are, so that they stay protected
  /// (ObserverOptions::guarded). The error says which are not. In the main thread.
  Result<> keep_guarded();

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
  /// The same of whatever process the pidfd is.
  [[nodiscard]] std::vector<std::uint16_t> profiles_of(int pidfd) const;

  /// Is it confined, by whatever profiles?
  [[nodiscard]] bool is_confined(int pidfd) const;

  /// Every task of the machine that is confined now.
  [[nodiscard]] Result<std::vector<Confined>> confined_tasks() const;

  /// What profiles decide; empty without ObserverOptions::arena_bytes.
  PolicyStore& policy();
  /// What the kernel side knows of cgroups.
  [[nodiscard]] const CgroupStore& cgroups() const;
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

  /// Readable when events wait; owned by the Observer. Where things are pinned it may not become so
  /// before what was consumed is released: then consume() is to be called from time to time anyway.
  [[nodiscard]] int ring_fd() const;
  /// Hands waiting events to the sink; returns how many.
  Result<std::size_t> consume();

  /// How far what profiles report has been handed to the sink. Where it is pinned it stays in the
  /// kernel until release() is told of it: whoever comes after an agent that was killed before is
  /// handed it, perhaps again (the event's number tells). Else consume() releases.
  [[nodiscard]] std::uint64_t handed() const;
  void release(std::uint64_t handed);

  [[nodiscard]] KernelTotals totals() const;
  /// Takes longer than totals().
  [[nodiscard]] KernelFigures figures() const;

 private:
  struct Impl;
  explicit Observer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace aspis
