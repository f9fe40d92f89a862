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
#include "agent/kernel/programs.h"
#include "base/result.h"
#include "bpf/abi/event.h"
#include "bpf/abi/python_frames.h"
#include "bpf/abi/python_layout.h"
#include "bpf/abi/python_site.h"

namespace aspis {

struct ObserverOptions {
  std::optional<Backend> backend;  ///< none: the best that works
  bool all = false;                ///< every task of the machine
  /// Profiles attach to what any task executes, not only the tracked ones; those that this confines
  /// are tracked from then on, `attached_quiet`: of what they do in the kernel only what profiles
  /// report is told.
  bool attaching = false, attached_quiet = false;
  bool holding = false;    ///< a process that maps an unknown image waits for release_image()
  bool selectors = false;  ///< exec asks track_executable's and track_cgroup's sets
  std::size_t ring_bytes = 16U << 20;  ///< a power of two, at least a page
  std::size_t arena_bytes = 0;         ///< room for policy, a power of two; 0: nothing is enforced
  std::size_t signed_files = 0;        ///< room for files whose code may be loaded where profiles
                                       ///< require it to be signed; 0: none does
  std::span<const aspis_python_layout> layouts;  ///< of CPython's objects
  aspis_stacks stacks = ASPIS_STACKS_DENIED;     ///< which events carry Python frames
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
  /// Tracks every process that executes this file, from now on; running ones from find_tasks() on.
  /// `device` as stat(2) gives it.
  Result<> track_executable(std::uint64_t device, std::uint64_t inode);
  /// Tracks every process in this cgroup or below it. The id is the inode of the cgroup's
  /// directory.
  Result<> track_cgroup(std::uint64_t id);
  /// Goes through all running tasks: those selected become tracked and are told of as
  /// process.found.
  Result<> find_tasks();

  /// One instruction of an interpreter at which its audit events are read.
  struct AuditSite {
    aspis_python_site row{};      ///< its layout is an index into ObserverOptions::layouts, or none
    std::uint64_t offset = 0;     ///< of the instruction, in the file
    std::uint64_t semaphore = 0;  ///< offset of the USDT's semaphore in the file; 0: it has none
  };
  /// Puts a probe on each of these places of a file, in all processes that run it or will; those
  /// not tracked leave the probe at once. Returns the row of each, as in PythonPayload::site. All
  /// of them or, with the kernel's reason, none.
  Result<std::vector<std::uint32_t>> attach_audit(const std::string& path,
                                                  std::span<const AuditSite> sites);

  /// The image of an event with ASPIS_PATH_HELD has been looked at: others need not wait for it,
  /// and this process goes on.
  void release_image(std::uint32_t device, std::uint64_t inode, std::uint32_t pid);
  /// From now on nobody is made to wait; who waits already is told of by events still to come.
  void end_holding();

  /// From now on only names are read at this row's site, and no stacks.
  void forget_layout(std::uint32_t row);

  /// Takes in where some interpreters keep their frames. Returns aspis_python_site.frames for their
  /// sites; those without it give no stacks.
  Result<std::uint16_t> add_frames(const aspis_python_frames& frames);
  /// Stacks that ended at an object that was not what these frames say: they are wrong for it.
  [[nodiscard]] std::uint64_t refused_stacks(std::uint16_t frames) const;

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
