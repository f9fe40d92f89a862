// SPDX-License-Identifier: Apache-2.0
// What outputs receive: an event, the process it belongs to, and what correlation found.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/event/agent_notice.h"
#include "agent/event/container.h"
#include "agent/event/event.h"
#include "agent/event/interpreter.h"
#include "agent/event/log_notice.h"

namespace aspis {

/// Identity of a process that survives pid reuse.
struct ProcessId {
  std::uint32_t pid = 0;
  std::uint64_t start = 0;  ///< ns, CLOCK_BOOTTIME
  friend bool operator==(const ProcessId&, const ProcessId&) = default;
};

/// One process as far as events have told. Shared: a record keeps the process as it was then.
/// Replaced, not changed, at exec, so that a cause keeps the image that raised it.
struct Process {
  ProcessId id;
  std::uint32_t uid = 0, gid = 0;
  std::uint64_t cgroup = 0;
  std::string exe;  ///< empty: not known
  std::string cwd;
  std::vector<std::string> argv;
  bool argv_cut = false;
  bool python = false;  ///< has raised an audit event in this image
  std::uint32_t ppid = 0;
  std::shared_ptr<const Process> parent;  ///< null: not observed

  /// Last component of exe, or "?".
  [[nodiscard]] std::string_view name() const;
};

/// An audit event that was in force when something happened, kept after its record is gone.
struct Cause {
  std::uint64_t seq = 0;
  std::string event;  ///< "subprocess.Popen"
  std::string args;   ///< the arguments as one JSON object, already serialised
  std::string cut;    ///< JSON list of what is cut of them; empty: nothing (arguments_json)
  std::shared_ptr<const Process> process;  ///< who raised it
  std::shared_ptr<const Cause>
      parent;  ///< cause that the raising process had inherited (fork, exec)
};

enum class Correlation : std::uint8_t {
  kNone,         ///< not a Python process, or nothing to compare
  kMatched,      ///< the audit event in force announced just this
  kUnaudited,    ///< no audit event announced it
  kUnperformed,  ///< announced, never done
  kMismatch,     ///< announced for one object, done to another
};

/// "matched" and so on; "" for kNone.
std::string_view correlation_name(Correlation correlation);

/// One frame of a Python stack. Views: of what is known of its code object.
struct StackFrame {
  std::string_view file, function;  ///< function: the qualified name; both empty: not known
  int line = 0;                     ///< 0: none, or not known
  std::string_view distribution;    ///< that the file belongs to; empty: not known
  std::string_view version;         ///< of the distribution; empty: it has none
};

/// Events lost in a row, by the stage that lost them. What aspis.gap carries.
struct Loss {
  std::uint64_t ring = 0;       ///< the ring buffer was full
  std::uint64_t scratch = 0;    ///< the BPF side had no scratch buffer free
  std::uint64_t output = 0;     ///< the queue of this output was full
  std::uint64_t decode = 0;     ///< the agent could not read the record
  std::uint64_t throttled = 0;  ///< audit events that a thread raised too often
  [[nodiscard]] std::uint64_t total() const { return ring + scratch + output + decode + throttled; }
  Loss& operator+=(const Loss& other) {
    ring += other.ring;
    scratch += other.scratch;
    output += other.output;
    decode += other.decode;
    throttled += other.throttled;
    return *this;
  }
  /// What is in this sum and was not yet in `earlier`.
  Loss operator-(const Loss& earlier) const {
    return {ring - earlier.ring, scratch - earlier.scratch, output - earlier.output,
            decode - earlier.decode, throttled - earlier.throttled};
  }
};

/// Totals at the end. What aspis.summary carries.
struct Summary {
  std::uint64_t produced = 0;  ///< events that the kernel side made, lost ones included
  std::uint64_t notices = 0;   ///< records that the agent made itself (python.unperformed, …)
  std::uint64_t emitted = 0;   ///< events written by this output
  std::uint64_t filtered = 0;  ///< events that filters left out, or that the format has no line for
  Loss lost;
  std::uint64_t earlier = 0;  ///< of `produced`: what agents before this one have had
  std::uint64_t untracked_tasks =
      0;  ///< tasks without room for their state: their events are missing
  std::uint64_t cut_paths = 0, cut_values = 0, compat_syscalls = 0, missed_runs = 0;
  std::vector<InterpreterNotice> interpreters;  ///< that were run, each with its `events`
};

struct Record {
  aspis_kind kind = ASPIS_KIND_NONE;
  std::uint64_t time = 0;  ///< ns, CLOCK_BOOTTIME
  std::uint64_t seq = 0;   ///< 0 for records that the agent itself makes
  const Event* event =
      nullptr;  ///< null for notices (python.unperformed, aspis.gap, aspis.interpreter, …)
  std::shared_ptr<const Process> process;      ///< null for aspis.gap and aspis.summary
  std::shared_ptr<const Container> container;  ///< that the process is in; null: none
  std::shared_ptr<const Cause> cause;
  Correlation correlation = Correlation::kNone;
  std::string profile;  ///< full name of the profile that decided; empty: not confined
  std::string package;  ///< of that profile, that did not allow it; empty: it was no package
  std::string target;   ///< file.exec: full name of the profile that it leads to; empty: none
  std::string peer;     ///< signals, ptrace: that of the other process; empty: not known
  std::string said;     ///< mismatch: the path that Python had announced
  std::vector<StackFrame> stack;  ///< what Python was doing, innermost first; empty: not known
  bool stack_cut = false;         ///< outer frames are missing
  const Loss* loss = nullptr;
  const Summary* summary = nullptr;
  const InterpreterNotice* interpreter = nullptr;
  const TamperNotice* tamper = nullptr;
  const LogNotice* log = nullptr;
  const AgentNotice* agent = nullptr;
};

}  // namespace aspis
