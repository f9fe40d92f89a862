// SPDX-License-Identifier: Apache-2.0
// Joins what Python said (audit events) with what the kernel did.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "agent/event/announcement.h"
#include "agent/event/bounded_map.h"
#include "agent/event/process_table.h"
#include "agent/event/record.h"

namespace aspis {

/// The join is exact, not by time: the head of each kernel event carries the sequence number of the
/// audit event in force on its thread. Feed it every event, those of a thread in the order of their
/// seq. Not thread-safe.
///
/// Correlation of a kernel event whose kind can be announced (operation_of):
/// - In a Python image, the cause raised by this process in this image: judge() says kMatched,
///   kMismatch or kUnaudited. kUnaudited too if nothing is in force on the thread; kNone if the
///   audit event was lost.
/// - The cause inherited over fork or exec: kMatched for an exec that it announces; kUnaudited for
///   an exec by the raising image itself that it does not announce (native code called execve);
///   else kNone.
///
/// An announcement that must be performed and was not becomes a python.unperformed record: when its
/// thread raises the next audit event, at exec or exit of its process; or, when a child does the
/// work (subprocess.Popen), after kChildGrace or at exit. Not if events were lost since: then
/// nobody knows.
class Correlator {
 public:
  /// Fills `args` and `cut` of the cause with the arguments as JSON.
  using Serialise = std::function<void(const PythonPayload&, Cause&)>;
  /// Receives every record, the notices in their place. The record points to the event passed to
  /// apply().
  using Sink = std::function<void(Record&&)>;

  static constexpr std::uint64_t kChildGrace = 2'000'000'000;  ///< ns
  static constexpr std::size_t kAnnouncements = 16384;
  static constexpr std::size_t kProcesses = 65536;
  /// Ancestors of a cause after a cut; a cut is made at twice as many.
  static constexpr int kCausesKept = 8;

  Correlator(Serialise serialise, Sink sink, std::size_t announcements = kAnnouncements,
             std::size_t processes = kProcesses);

  /// One event and the process it belongs to (ProcessTable::apply).
  void apply(const Event& event, std::shared_ptr<const Process> process);

  /// Time has passed: reports what a child should have done by now. `now`: ns, CLOCK_BOOTTIME, and
  /// not ahead of events that are still to come.
  void tick(std::uint64_t now);

  /// The end of observation: reports what has been due for kChildGrace. What is younger may still
  /// be on its way.
  void finish(std::uint64_t now);

  /// Events older than `seq` may have been lost: an operation that wasn't seen may still have been
  /// done. apply() does this itself for losses that headers tell of.
  void note_loss(std::uint64_t seq);

 private:
  using Shared = std::shared_ptr<Announcement>;

  /// A process that has raised audit events, or inherited one.
  struct State {
    Shared inherited;  // in force before this image raised anything
    std::unordered_map<std::uint32_t, Shared> threads;  // by tid: the last one raised in this image
  };

  void on_audit(const Event& event, const PythonPayload& audit, Record& record);
  void on_fork(const Event& event, const ForkPayload& fork);
  void on_exec(const Event& event, Record& record);
  void on_exit(const ProcessId& id);
  void on_kernel(const Event& event, cpython::Operation operation, Record& record);
  Shared find(const aspis_event& head);
  [[nodiscard]] Shared child_announced_by(const Announcement& later) const;
  void report(const Announcement& announcement);
  void report_threads(State& state);
  void report_children(std::uint64_t until);

  Serialise serialise_;
  Sink sink_;
  BoundedMap<std::uint64_t, Shared> announcements_;  // by seq
  BoundedMap<ProcessId, State, ProcessIdHash> states_;
  std::deque<Shared> children_;    // announced for a child to do, oldest first
  std::uint64_t now_ = 0;          // ns, of the latest event
  std::uint64_t lost_before_ = 0;  // seq
};

}  // namespace aspis
