// SPDX-License-Identifier: Apache-2.0
// The road of an event, put together: ring → decode → processes → correlate → filter → output.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "agent/container/containers.h"
#include "agent/event/correlate.h"
#include "agent/event/process_table.h"
#include "agent/kernel/observer.h"
#include "agent/output/output.h"
#include "agent/redact/redact.h"
#include "agent/watch/cgroups.h"
#include "agent/watch/in_force.h"
#include "agent/watch/interpreters.h"
#include "agent/watch/limits.h"
#include "agent/watch/line_output.h"
#include "agent/watch/wall_clock.h"
#include "base/result.h"
#include "policy/tables/compiled.h"

namespace aspis {

class Stacks;

struct SessionOptions {
  ObserverOptions observer;
  std::vector<LineOutputOptions> outputs;
  std::vector<std::unique_ptr<Output>> other_outputs;  ///< not of lines
  Redactor redact;                                     ///< what is hidden from all outputs
  std::optional<policy::CompiledPolicy> policy;        ///< in force from the start
  InForceOptions in_force;                             ///< of it
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
  [[nodiscard]] const Observer& observer() const { return *observer_; }
  Interpreters& interpreters() { return *interpreters_; }
  [[nodiscard]] const Interpreters& interpreters() const { return *interpreters_; }
  /// Null: no policy.
  LimitSetter* limits() { return limits_ ? &*limits_ : nullptr; }

  /// Handles all events that wait. Call when observer().ring_fd() is readable.
  Result<> pump();
  /// Something was handled that an output does not have yet: call pump() again soon.
  [[nodiscard]] bool settling() const { return settling_.has_value(); }
  /// One more place for events; `output` must live as long as the session. Gaps and the summary
  /// reach it, too.
  void add_output(Output& output) { outputs_.push_back(&output); }

  /// Time has passed: call about ten times a second.
  void tick();
  /// Tells what the agent does where events go.
  void tell(const AgentNotice& notice);
  /// Handles what is left, writes the summary and closes the outputs. An error means that records
  /// are missing from one; the message says from which, and how many.
  Result<> finish();

  /// The first output does not take all that it is given.
  [[nodiscard]] bool output_failed() const { return !own_.empty() && own_.front()->failed(); }
  /// Those of the options, in their order.
  [[nodiscard]] const std::vector<std::unique_ptr<Output>>& own_outputs() const { return own_; }
  /// Processes that were seen and have not ended.
  [[nodiscard]] std::size_t processes() const { return processes_.size(); }

 private:
  Session();
  void add_own(std::unique_ptr<Output> output);
  void prepare_containers(bool guard);
  Result<> catch_up();
  void tell_unknown_cgroups();
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
  void redact(const Event& event);

  std::vector<std::unique_ptr<Output>> own_;  ///< of the options
  std::vector<Output*> outputs_;              ///< they, and those of others
  ProcessTable processes_;
  Containers containers_;
  std::unique_ptr<Stacks> stacks_;
  Correlator correlator_;
  Summary summary_;
  std::string resolved_[2];
  EventRedactor redactor_{Redactor()};
  Event redacted_;              ///< the event at hand, for outputs
  const Event* raw_ = nullptr;  ///< that redacted_ stands for; null: none
  aspis_stacks wanted_stacks_ = ASPIS_STACKS_NONE;
  std::uint64_t now_ = 0;                   ///< of the event at hand
  std::shared_ptr<const Process> process_;  ///< its process
  /// What profiles report is released in the kernel when the outputs have it: up to `handed`, when
  /// they have written up to their marks, or are too late.
  struct Settling {
    std::uint64_t handed = 0, until = 0;
    std::vector<std::optional<std::uint64_t>> marks;  ///< of outputs_
  };
  std::optional<Settling> settling_;
  std::uint64_t released_ = 0;
  std::uint64_t adopted_sequence_ = 0;  ///< the last event before this agent; 0: it is the first
  std::uint64_t backlog_ = 0;           ///< events up to that one that it was handed
  std::uint64_t cgroups_unknown_ = 0;   ///< told of so far
  // Last, so that they go first: their callbacks use what stands above.
  std::unique_ptr<Observer> observer_;
  std::optional<Cgroups> cgroups_;
  std::unique_ptr<Interpreters> interpreters_;
  std::optional<LimitSetter> limits_;
};

}  // namespace aspis
