// SPDX-License-Identifier: Apache-2.0
#include "agent/watch/session.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "agent/event/decode.h"
#include "agent/output/json_values.h"
#include "agent/watch/environment.h"
#include "agent/watch/lexical.h"
#include "agent/watch/stacks.h"
#include "base/log.h"
#include "bpf/abi/subject.h"
#include "policy/tables/evaluate.h"
#include "probes/cpython/layouts.h"

namespace aspis {
namespace {

constexpr std::chrono::milliseconds kFlushPatience{5000};
/// ns. An output that takes longer has them in its queue alone: it must not fill the ring for the
/// others.
constexpr std::uint64_t kSettlePatience = 2'000'000'000;

/// What the name of a profile that complain made up for an image ends in.
std::string null_suffix(std::string_view image) {
  return "//null-" + std::string(image);
}

void take_environment(ExecPayload& exec, PythonEnvironment found) {
  exec.environment = std::move(found.variables);
  exec.environment_cut = found.cut;
}

/// Does any profile deny audit events? (What is merely audited needs no exceptions.)
bool denies_events(const policy::CompiledPolicy& policy) {
  return std::ranges::any_of(policy.profiles, [](const policy::CompiledProfile& profile) {
    return policy::denies_any(profile, ASPIS_CLASS_PYTHON, ASPIS_PYTHON_RAISE) ||
           std::ranges::any_of(profile.packages, [](const auto& package) {
             return (package.mediated >> ASPIS_CLASS_PYTHON & 1) != 0;
           });
  });
}

}  // namespace

Session::Session()
    : stacks_(std::make_unique<Stacks>()),
      correlator_(
          [this](const PythonPayload& python, Cause& cause) {
            serialise_cause(raw_ != nullptr ? *redacted_.as<PythonPayload>() : python, cause);
          },
          [this](Record&& record) { emit(std::move(record)); }) {}

Session::~Session() = default;

void Session::add_own(std::unique_ptr<Output> output) {
  own_.push_back(std::move(output));
  add_output(*own_.back());
}

Result<std::unique_ptr<Session>> Session::start(SessionOptions options) {
  std::unique_ptr<Session> session(new Session);
  for (auto& output : options.outputs) session->add_own(TRY(LineOutput::create(std::move(output))));
  for (auto& output : options.other_outputs) session->add_own(std::move(output));
  session->redactor_ = EventRedactor(std::move(options.redact));
  options.observer.layouts = cpython::layouts();
  session->wanted_stacks_ = options.observer.stacks;
  if (options.policy) {
    options.observer.arena_bytes =
        std::max(options.observer.arena_bytes, TRY(PolicyStore::arena_bytes(*options.policy)));
    options.observer.signed_files = TRY(room_for_signed_files(
        *options.policy, options.in_force.hook_config, options.observer.backend));
    options.observer.raising = denies_events(*options.policy);
  }
  session->observer_ = TRY(Observer::create(
      options.observer,
      [raw = session.get()](std::span<const std::byte> bytes) { raw->receive(bytes); }));
  session->prepare_containers(options.observer.guard);
  if (options.policy) {
    if (const auto put = put_in_force(*session->observer_, *options.policy, options.in_force); !put)
      return fail(put.error().text() + (session->observer_->adoption()
                                            ? "\nThe policy that is pinned stays in force"
                                            : ""));
    session->limits_.emplace(*session->observer_);
  }
  session->interpreters_ = std::make_unique<Interpreters>(
      *session->observer_,
      [raw = session.get()](const InterpreterNotice& notice) { raw->emit_interpreter(notice); },
      [raw = session.get()](const ProcessId& process, const TamperNotice& notice) {
        raw->emit_tamper(process, notice);
      });
  if (session->observer_->adoption()) TRYV(session->catch_up());
  session->interpreters_->attach_standard();
  return session;
}

void Session::prepare_containers(bool guard) {
  cgroups_.emplace(containers_, observer_->cgroups(), guard);
  observer_->policy().prepare_containers_by(
      [this](const policy::CompiledPolicy& policy, std::uint32_t generation, std::uint32_t scopes) {
        return cgroups_->prepare(policy, generation, scopes);
      });
}

/// While no agent looked, or with hooks after which nothing can wait, nobody can say of a new
/// cgroup whether it is a container's.
void Session::tell_unknown_cgroups() {
  const std::uint64_t unknown = observer_->totals().cgroup_unknown;
  if (unknown > cgroups_unknown_)
    log::warn(
        "{} programs were executed in cgroups that were not known yet: no profile with "
        "container=(…) attached to them",
        unknown - cgroups_unknown_);
  cgroups_unknown_ = unknown;
}

/// What has waited for an agent comes before looking for interpreters, which takes its time: the
/// ring is full soon.
Result<> Session::catch_up() {
  adopted_sequence_ = observer_->adoption()->sequence;
  correlator_.note_loss(adopted_sequence_);
  if (limits_) TRYV(limits_->catch_up());
  return pump();
}

void Session::emit_gap(const Loss& loss, std::uint64_t time) {
  Record gap;
  gap.kind = ASPIS_ASPIS_GAP;
  gap.time = time;
  gap.loss = &loss;
  for (Output* output : outputs_) output->emit(gap);
}

void Session::emit_interpreter(const InterpreterNotice& notice) {
  Record record;
  record.kind = ASPIS_ASPIS_INTERPRETER;
  record.time = now_;
  record.process = process_;
  record.interpreter = &notice;
  emit(std::move(record));
}

void Session::emit_tamper(const ProcessId& process, const TamperNotice& notice) {
  Record record;
  record.kind = ASPIS_ASPIS_TAMPER;
  record.time = boot_time();
  record.process = processes_.find(process);
  record.tamper = &notice;
  emit(std::move(record));
}

void Session::tell(const AgentNotice& notice) {
  Record record;
  record.kind = ASPIS_ASPIS_AGENT;
  record.time = boot_time();
  record.agent = &notice;
  emit(std::move(record));
}

/// What this event shows of the program that its process runs.
void Session::note_interpreter(Event& event) {
  const aspis_event& head = *event.head;
  const ProcessId process = process_id(head);
  interpreters_->note_process(event);
  if (auto* exec = std::get_if<ExecPayload>(&event.payload); exec != nullptr) {
    const Interpreters::Image image{process,
                                    exec->exe.dev,
                                    exec->exe.ino,
                                    exec->exe.text,
                                    true,
                                    head.kind == ASPIS_PROCESS_FOUND,
                                    (exec->exe.flags & ASPIS_PATH_HELD) != 0};
    interpreters_->note_image(image);
    if (interpreters_->is_python(image))
      take_environment(*exec, python_environment(static_cast<pid_t>(head.pid)));
  } else if (const auto* file = event.as<FilePayload>();
             file != nullptr && head.kind == ASPIS_FILE_MMAP_EXEC)
    interpreters_->note_image({process, file->path.dev, file->path.ino, file->path.text, false,
                               false, (file->path.flags & ASPIS_PATH_HELD) != 0});
  else if (auto* audit = std::get_if<PythonPayload>(&event.payload);
           audit != nullptr && !interpreters_->note_audit(process, *audit))
    audit->values.clear();
}

void Session::resolve_names(Event& event) {
  if (auto* file = std::get_if<FilePayload>(&event.payload)) {
    resolve_lexical(event.head->pid, file->path, resolved_[0]);
    resolve_lexical(event.head->pid, file->other, resolved_[1]);
  } else if (auto* privilege = std::get_if<PrivilegePayload>(&event.payload)) {
    resolve_lexical(event.head->pid, privilege->path, resolved_[0]);
  }
}

/// Audit events are redacted in a copy: the correlator compares what they really said.
void Session::redact(const Event& event) {
  const auto* python = event.as<PythonPayload>();
  PythonPayload shown;
  if (python == nullptr || !redactor_.redact(*python, shown)) return;
  redacted_ = event;
  redacted_.payload = std::move(shown);
  raw_ = &event;
}

void Session::receive(std::span<const std::byte> bytes) {
  if (stacks_->take_code(bytes) || cgroups_->take_note(bytes)) return;
  auto event = decode(bytes);
  if (!event) {
    log::debug("decode: {}", event.error().text());
    Loss loss;
    loss.decode = 1;
    ++summary_.lost.decode;
    emit_gap(loss, boot_time());
    return;
  }
  const aspis_event& head = *event->head;
  if (head.seq <= adopted_sequence_) ++backlog_;
  const auto* python = event->as<PythonPayload>();
  const std::uint32_t throttled = python == nullptr ? 0 : python->throttled;
  if ((head.lost_ring | head.lost_scratch | throttled) != 0) {
    Loss loss;
    loss.ring = head.lost_ring;
    loss.scratch = head.lost_scratch;
    loss.throttled = throttled;
    emit_gap(loss, head.time);
  }
  resolve_names(*event);
  auto* exec = std::get_if<ExecPayload>(&event->payload);
  if (exec != nullptr) redactor_.redact_arguments(*exec);
  auto process = processes_.apply(*event);
  if (limits_ && head.kind == ASPIS_PROCESS_EXEC) limits_->note_exec(head);
  now_ = head.time;
  process_ = process;
  note_interpreter(*event);
  if (exec != nullptr) redactor_.redact_environment(*exec);
  redact(*event);
  correlator_.apply(*event, std::move(process));
  raw_ = nullptr;
}

/// Where the execution leads that `record` tells of; empty: to no profile, or nowhere.
std::string Session::target_name(const Record& record) const {
  const aspis_event& head = *record.event->head;
  const auto* file = record.event->as<FilePayload>();
  if (file == nullptr || record.kind != ASPIS_FILE_EXEC || head.verdict == ASPIS_VERDICT_DENIED)
    return {};
  std::string name(observer_->policy().name_of(file->raw->target));
  if (head.verdict == ASPIS_VERDICT_COMPLAIN && !name.empty()) name += null_suffix(file->path.text);
  return name;
}

/// "NAME", or "NAME//null-IMAGE" for the profile that complain made up for an image.
std::string Session::profile_name(const Record& record) const {
  const aspis_event& head = *record.event->head;
  std::string name(observer_->policy().name_of(head.profile));
  if ((head.flags & ASPIS_F_NULL) != 0 && record.process) name += null_suffix(record.process->exe);
  return name;
}

void Session::emit(Record&& record) {
  if (record.event != nullptr && record.event->head->profile != 0) {
    record.profile = profile_name(record);
    record.target = target_name(record);
    if ((record.event->head->info & ASPIS_INFO_PACKAGE) != 0)
      record.package = observer_->policy().package_of(
          record.event->head->profile, record.event->head->info & ~unsigned{ASPIS_INFO_PACKAGE});
  } else if (record.event != nullptr && record.event->head->info != 0) {
    record.profile = ASPIS_UNCONFINED;  // something is said of a task that has none
  }
  if (record.process) {
    const std::uint64_t cgroup =
        record.event != nullptr ? record.event->head->cgroup : record.process->cgroup;
    record.container = containers_.of(cgroup, record.time);
  }
  if (record.event != nullptr && record.event == raw_) record.event = &redacted_;
  if (!record.said.empty()) redactor_.redact(record.said);
  if (record.event == nullptr) ++summary_.notices;
  if (record.event != nullptr && record.correlation == Correlation::kUnaudited)
    interpreters_->note_unaudited(process_id(*record.event->head));
  bool resolved = !stack_wanted(wanted_stacks_, record);
  for (Output* output : outputs_) {
    if (!output->wants(record)) continue;
    if (!std::exchange(resolved, true)) stacks_->resolve(record);
    output->emit(record);
  }
}

Result<> Session::pump() {
  do TRY(observer_->consume());
  while (settle());
  return {};
}

/// True: there is room in the kernel again, and more may have come that woke nobody.
bool Session::settle() {
  if (!observer_->pinned()) return false;
  if (!settling_) {
    if (observer_->handed() == released_) return false;
    settling_ = {observer_->handed(), boot_time() + kSettlePatience, {}};
    for (const Output* output : outputs_) settling_->marks.push_back(output->mark());
  }
  const bool late = boot_time() >= settling_->until;
  for (std::size_t i = 0; i < settling_->marks.size() && !late; ++i) {
    auto& mark = settling_->marks[i];
    if (!mark) mark = outputs_[i]->mark();  // what was refused has been said by now
    if (!mark || !outputs_[i]->has_written(*mark)) return false;
  }
  released_ = settling_->handed;
  observer_->release(released_);
  settling_.reset();
  return true;
}

void Session::tick() {
  // Events that are on their way are at most a moment old.
  constexpr std::uint64_t kOnTheirWay = 200'000'000;
  const std::uint64_t now = boot_time();
  if (const auto seconds = follow_wall_clock()) {
    log::warn("the wall clock was set {} by {:.3f} s: times of events are by it from here on",
              *seconds < 0 ? "back" : "forward", std::abs(*seconds));
    AgentNotice clock{AgentNotice::What::kClock};
    clock.seconds = *seconds;
    tell(clock);
  }
  correlator_.tick(now - kOnTheirWay);
  interpreters_->tick(now);
  cgroups_->tick(now);
  if (cgroups_->selecting()) tell_unknown_cgroups();
  for (Output* output : outputs_) output->tick();
}

Result<> Session::finish() {
  interpreters_->end_holding();
  TRYV(pump());
  TRYV(pump());  // a process that was being held in that moment is let go by its event
  interpreters_->finish();
  correlator_.finish(boot_time());
  const KernelTotals totals = observer_->totals();
  interpreters_->tell_refused();
  if (totals.code_lost != 0)
    log::warn("{} code objects found no room in the ring buffer: frames of stacks have no names",
              totals.code_lost);
  summary_.interpreters = interpreters_->coverage();
  summary_.produced = totals.produced;
  summary_.lost.ring = totals.ring_full;
  summary_.lost.scratch = totals.scratch_busy;
  summary_.lost.throttled = totals.throttled;
  if (adopted_sequence_ != 0)
    summary_.earlier =
        adopted_sequence_ - std::min(adopted_sequence_, observer_->adoption()->lost + backlog_);
  summary_.untracked_tasks = totals.task_full;
  summary_.cut_paths = totals.path_cut;
  summary_.cut_values = totals.value_cut;
  summary_.compat_syscalls = totals.compat;
  summary_.missed_runs = totals.missed;
  Result<> result;
  for (Output* output : outputs_)
    if (auto closed = output->close(summary_, boot_time(), kFlushPatience); !closed && result)
      result = std::move(closed);
  if (result && observer_->pinned()) observer_->release(observer_->handed());
  return result;
}

}  // namespace aspis
