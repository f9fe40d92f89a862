// SPDX-License-Identifier: Apache-2.0
// The processes, as far as events have told.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "agent/event/bounded_map.h"
#include "agent/event/event.h"
#include "agent/event/record.h"

namespace aspis {

struct ProcessIdHash {
  std::size_t operator()(const ProcessId& id) const {
    return static_cast<std::size_t>((id.start ^ id.pid) * 0x9e3779b97f4a7c15ULL >> 16);
  }
};

/// Identity of the process that an event's header names.
inline ProcessId process_id(const aspis_event& head) {
  return {head.pid, head.start};
}

/// Follows exec, found, fork and exit. Not thread-safe.
///
/// Processes are immutable: a change replaces the entry, so whoever holds one keeps what was true
/// then. Ancestors hang on `parent` to a bounded depth, so that a chain of forks can't keep memory
/// for ever.
class ProcessTable {
 public:
  static constexpr std::size_t kCapacity = 65536;
  static constexpr int kAncestorsKept = 8;  ///< after a cut; a cut is made at twice as many

  explicit ProcessTable(std::size_t capacity = kCapacity) : processes_(capacity) {}

  /// Takes the event in and returns the process that it belongs to, never null: for exec the
  /// process with its new image, for fork the parent (the child is entered too), for exit the
  /// process, which is then forgotten. A process that was never announced is entered with what the
  /// header tells.
  std::shared_ptr<const Process> apply(const Event& event);

  /// The process as last known; null if it isn't.
  std::shared_ptr<const Process> find(const ProcessId& id);

  [[nodiscard]] std::size_t size() const { return processes_.size(); }
  /// Processes forgotten before their exit because the table was full.
  [[nodiscard]] std::uint64_t evictions() const { return processes_.evictions(); }

 private:
  using Entry = std::shared_ptr<const Process>;

  Entry image(const aspis_event& head, const ExecPayload& exec);
  void fork(const Entry& parent, const ForkPayload& fork);
  Entry current(const aspis_event& head);
  Entry forget_directory(const aspis_event& head, const Entry& process);
  Entry put(Process process);

  BoundedMap<ProcessId, Entry, ProcessIdHash> processes_;
};

}  // namespace aspis
