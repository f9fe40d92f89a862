// SPDX-License-Identifier: Apache-2.0
#include "agent/event/correlate.h"

#include <algorithm>
#include <utility>

namespace aspis {
namespace {

using cpython::Operation;
using cpython::Times;

// Threads of one process whose last announcement is kept; the end of a thread isn't told.
constexpr std::size_t kThreadsMax = 8192;

bool has(const aspis_event& head, unsigned flag) {
  return (head.flags & flag) != 0;
}

int generations(const Cause* cause) {
  int depth = 0;
  for (; cause != nullptr; cause = cause->parent.get()) ++depth;
  return depth;
}

std::shared_ptr<const Cause> shortened(const Cause* cause, int keep) {
  if (cause == nullptr || keep == 0) return nullptr;
  auto copy = std::make_shared<Cause>(*cause);
  copy->parent = shortened(cause->parent.get(), keep - 1);
  return copy;
}

// A program that restarts itself for ever must not grow its chain of causes for ever.
std::shared_ptr<const Cause> bounded(const std::shared_ptr<const Cause>& cause) {
  if (generations(cause.get()) < 2 * Correlator::kCausesKept) return cause;
  return shortened(cause.get(), Correlator::kCausesKept);
}

}  // namespace

Correlator::Correlator(Serialise serialise, Sink sink, std::size_t announcements,
                       std::size_t processes)
    : serialise_(std::move(serialise)),
      sink_(std::move(sink)),
      announcements_(announcements),
      states_(processes) {}

void Correlator::apply(const Event& event, std::shared_ptr<const Process> process) {
  const aspis_event& head = *event.head;
  now_ = std::max<std::uint64_t>(now_, head.time);
  if (head.lost_ring != 0 || head.lost_scratch != 0) note_loss(head.seq);
  Record record;
  record.kind = event.kind();
  record.time = head.time;
  record.seq = head.seq;
  record.event = &event;
  record.process = std::move(process);
  if (const auto* audit = event.as<PythonPayload>()) {
    on_audit(event, *audit, record);
  } else if (event.kind() == ASPIS_PROCESS_EXEC) {
    on_exec(event, record);
  } else {
    on_kernel(event, operation_of(event.kind()), record);
    if (const auto* fork = event.as<ForkPayload>()) on_fork(event, *fork);
    if (event.as<ExitPayload>() != nullptr) on_exit(process_id(head));
  }
  sink_(std::move(record));
}

// The announcement in force, by the seq in the head. A thread's last one and an inherited one
// outlive the table.
Correlator::Shared Correlator::find(const aspis_event& head) {
  if (head.cause == 0) return nullptr;
  if (const Shared* found = announcements_.find(head.cause)) return *found;
  const State* state = states_.find(process_id(head));
  if (state == nullptr) return nullptr;
  const auto thread = state->threads.find(head.tid);
  if (thread != state->threads.end() && thread->second->cause->seq == head.cause) {
    return thread->second;
  }
  const Shared& inherited = state->inherited;
  return inherited && inherited->cause->seq == head.cause ? inherited : nullptr;
}

void Correlator::on_audit(const Event& event, const PythonPayload& audit, Record& record) {
  const aspis_event& head = *event.head;
  const Shared from = find(head);
  State* state = states_.find(process_id(head));
  if (state == nullptr) state = &states_.insert(process_id(head), State{});
  if (from != nullptr && state->inherited == nullptr) state->inherited = from;

  auto cause = std::make_shared<Cause>();
  cause->seq = head.seq;
  cause->event = audit.name;
  serialise_(audit, *cause);
  cause->process = record.process;
  if (from != nullptr) {
    cause->parent = bounded(from->cause);
  } else if (state->inherited != nullptr) {
    cause->parent = bounded(state->inherited->cause);
  }
  record.cause = cause->parent;

  auto announcement = std::make_shared<Announcement>(announce(audit));
  announcement->cause = std::move(cause);
  announcement->time = head.time;
  announcement->tid = head.tid;
  if (announcement->times == Times::kChild) {
    announcement->refined = child_announced_by(*announcement);
    children_.push_back(announcement);
  }
  if (state->threads.size() >= kThreadsMax) state->threads.clear();
  Shared& last = state->threads[head.tid];
  if (last != nullptr && last->times == Times::kOnce && !refines(*announcement, *last)) {
    report(*last);
  }
  last = announcement;
  announcements_.insert(head.seq, std::move(announcement));
}

// What this thread has announced before for a child to do, which nobody has done yet.
Correlator::Shared Correlator::child_announced_by(const Announcement& later) const {
  for (auto one = children_.rbegin(); one != children_.rend(); ++one) {
    const Announcement& earlier = **one;
    if (earlier.tid == later.tid && earlier.cause->process->id == later.cause->process->id)
      return earlier.pending() && earlier.operations == later.operations ? *one : nullptr;
  }
  return nullptr;
}

void Correlator::on_fork(const Event& event, const ForkPayload& fork) {
  if (Shared from = find(*event.head)) {
    states_.insert({fork.child_pid, fork.child_start}, State{std::move(from), {}});
  }
}

void Correlator::on_exec(const Event& event, Record& record) {
  const ProcessId id = process_id(*event.head);
  const Shared from = find(*event.head);
  State* state = states_.find(id);
  const bool raised_here = state != nullptr && !state->threads.empty();
  if (from != nullptr) {
    record.cause = from->cause;
    if ((from->operations & cpython::kExec) != 0) {
      from->perform(cpython::kExec);
      record.correlation = Correlation::kMatched;
    } else if (raised_here && from->cause->process->id == id) {
      record.correlation = Correlation::kUnaudited;
    }
  }
  if (state != nullptr) report_threads(*state);
  states_.erase(id);
  if (from != nullptr) states_.insert(id, State{from, {}});
}

void Correlator::on_exit(const ProcessId& id) {
  State* state = states_.find(id);
  if (state == nullptr) return;
  report_threads(*state);
  states_.erase(id);
  std::erase_if(children_, [&](const Shared& child) {
    if (child->cause->process->id != id) return false;
    report(*child);
    return true;
  });
}

void Correlator::on_kernel(const Event& event, Operation operation, Record& record) {
  const aspis_event& head = *event.head;
  const Shared from = find(head);
  if (from != nullptr) record.cause = from->cause;
  if (operation == cpython::kNothing) return;
  if (!has(head, ASPIS_F_PYTHON) || has(head, ASPIS_F_INHERITED)) return;
  if (from != nullptr && from->cause->process->id != process_id(head)) return;  // forked
  if (from != nullptr) {
    record.correlation = judge(*from, operation, event, record.process->cwd, record.said);
  } else if (head.cause == 0) {
    record.correlation = Correlation::kUnaudited;  // a thread of native code
  }
}

void Correlator::report(const Announcement& announcement) {
  if (!announcement.pending() || announcement.cause->seq < lost_before_) return;
  Record record;
  record.kind = ASPIS_PYTHON_UNPERFORMED;
  record.time = now_;
  record.process = announcement.cause->process;
  record.cause = announcement.cause;
  record.correlation = Correlation::kUnperformed;
  sink_(std::move(record));
}

// The threads end with the image: what they had announced for themselves won't be done any more.
void Correlator::report_threads(State& state) {
  for (const auto& [tid, last] : state.threads) {
    if (last->times == Times::kOnce) report(*last);
  }
  state.threads.clear();
}

void Correlator::report_children(std::uint64_t until) {
  while (!children_.empty() && children_.front()->time + kChildGrace <= until) {
    report(*children_.front());
    children_.pop_front();
  }
}

void Correlator::tick(std::uint64_t now) {
  now_ = std::max(now_, now);
  report_children(now_);
}

void Correlator::finish(std::uint64_t now) {
  tick(now);
  states_.for_each([&](const ProcessId&, State& state) {
    std::erase_if(state.threads, [&](const auto& entry) {
      if (entry.second->time + kChildGrace > now_) return false;
      if (entry.second->times == Times::kOnce) report(*entry.second);
      return true;
    });
  });
}

void Correlator::note_loss(std::uint64_t seq) {
  lost_before_ = std::max(lost_before_, seq);
}

}  // namespace aspis
