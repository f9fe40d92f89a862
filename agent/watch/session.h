// SPDX-License-Identifier: Apache-2.0
// The road of an event, put together: ring → decode → processes → correlate → filter → output.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "agent/event/correlate.h"
#include "agent/event/process_table.h"
#include "agent/kernel/observer.h"
#include "agent/output/sink.h"
#include "agent/watch/filter.h"
#include "agent/watch/in_force.h"
#include "agent/watch/interpreters.h"
#include "agent/watch/limits.h"
#include "base/fd.h"
#include "base/result.h"
#include "policy/tables/compiled.h"

namespace aspis {

class Stacks;

struct SessionOptions {
  ObserverOptions observer;
  std::string format = "compact";
  Fd output;                            ///< where lines go; taken over
  std::string output_name;              ///< for messages: "standard error", or the file's path
  std::size_t queue_bytes = 32U << 20;  ///< rides out a disk that stalls for a moment
  Filter filter;
  std::optional<policy::CompiledPolicy> policy;  ///< in force from the start
  InForceOptions in_force;                       ///< of it
};

/// One observation, from loading to the summary. One thread; the writer has its own.
class Session {
 public:
  /// Loads, attaches and probes the standard interpreters. Nothing is tracked yet.
  static Result<std::unique_ptr<Session>> start(SessionOptions options);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  Observer& observer() { return *observer_; }
  Interpreters& interpreters() { return *interpreters_; }
  /// Null: no policy.
  LimitSetter* limits() { return limits_ ? &*limits_ : nullptr; }

  /// Handles all events that wait. Call when observer().ring_fd() is readable.
  Result<> pump();
  /// Something was handled that the output does not have yet: call pump() again soon.
  [[nodiscard]] bool settling() const { return settling_.has_value() && !output_failed_; }
  /// Time has passed: call about ten times a second. Says once when the output has failed.
  void tick();
  /// Handles what is left, writes the summary and closes the output. An error means that records
  /// are missing from the output; the message says how many.
  Result<> finish();

  [[nodiscard]] bool output_failed() const { return output_failed_; }
  /// Processes that were seen and have not ended.
  [[nodiscard]] std::size_t processes() const { return processes_.size(); }

 private:
  Session(std::string output_name, Filter filter, std::unique_ptr<Sink> sink);
  Result<> catch_up();
  bool settle();
  void receive(std::span<const std::byte> bytes);
  void emit(Record&& record);
  void emit_gap(const Loss& loss, std::uint64_t time);
  void emit_interpreter(const InterpreterNotice& notice);
  void emit_tamper(const ProcessId& process, const TamperNotice& notice);
  void note_interpreter(Event& event);
  [[nodiscard]] std::string profile_name(const Record& record) const;
  [[nodiscard]] std::string target_name(const Record& record) const;
  void resolve_names(Event& event);

  std::string output_name_;
  Filter filter_;
  std::unique_ptr<Sink> sink_;
  ProcessTable processes_;
  std::unique_ptr<Stacks> stacks_;
  Correlator correlator_;
  Summary summary_;
  std::string resolved_[2];
  aspis_stacks wanted_stacks_ = ASPIS_STACKS_NONE;
  std::uint64_t now_ = 0;                   ///< of the event at hand
  std::shared_ptr<const Process> process_;  ///< its process
  bool output_failed_ = false;
  /// What profiles report is released in the kernel when the output has it: up to `handed`, when
  /// `bytes` are written.
  struct Settling {
    std::uint64_t handed = 0, bytes = 0;
  };
  std::optional<Settling> settling_;
  std::uint64_t released_ = 0;
  std::uint64_t adopted_sequence_ = 0;  ///< the last event before this agent; 0: it is the first
  std::uint64_t backlog_ = 0;           ///< events up to that one that it was handed
  // Last, so that they go first: their callbacks use what stands above.
  std::unique_ptr<Observer> observer_;
  std::unique_ptr<Interpreters> interpreters_;
  std::optional<LimitSetter> limits_;
};

/// ns, CLOCK_BOOTTIME.
std::uint64_t boot_time();
/// ns to add to CLOCK_BOOTTIME to get CLOCK_REALTIME.
std::int64_t wall_offset();

}  // namespace aspis
