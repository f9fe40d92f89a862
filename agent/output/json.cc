// SPDX-License-Identifier: Apache-2.0
#include "agent/output/json.h"

#include <cinttypes>
#include <cstdio>

#include "agent/event/kinds.h"
#include "agent/event/utf8.h"
#include "agent/output/json_payload.h"
#include "agent/output/policy_names.h"

namespace aspis {
namespace {

constexpr std::size_t kArgvBytes = 128;  // of argv in events that are not about argv
constexpr unsigned kCauseLevels = 4;

/// The longest prefix of at most `limit` bytes that doesn't end inside a code point.
std::string_view cut_text(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return text;
  std::size_t end = 0;
  while (end < limit) {
    const std::size_t step = next_utf8(text.substr(end)).bytes;
    if (end + step > limit) break;
    end += step;
  }
  return text.substr(0, end);
}

/// `limit`: bytes of all arguments together.
template <class Arguments>
void append_argv(JsonWriter& json, const Arguments& argv, bool argv_cut, std::size_t limit) {
  json.open_list("argv");
  for (std::string_view argument : argv) {
    if (limit == 0) {
      argv_cut = true;
      break;
    }
    const std::string_view kept = cut_text(argument, limit);
    json.text({}, kept);
    const bool whole = kept.size() == argument.size();
    argv_cut |= !whole;
    limit = whole ? limit - kept.size() : 0;
  }
  json.close_list();
  json.flag("argv_cut", argv_cut);
}

void append_parent(JsonWriter& json, const Process& process) {
  if (process.parent == nullptr && process.ppid == 0) return;
  json.open("parent");
  json.number("pid", process.parent ? process.parent->id.pid : process.ppid);
  if (process.parent && !process.parent->exe.empty()) json.text("exe", process.parent->exe);
  json.close();
}

void append_process(JsonWriter& json, const Record& record) {
  const Process* process = record.process.get();
  const Event* event = record.event;
  if (process == nullptr && event == nullptr) return;
  json.open("process");
  json.number("pid", event ? event->head->pid : process->id.pid);
  if (event) json.number("tid", event->head->tid);
  if (process && !process->exe.empty()) json.text("exe", process->exe);
  if (const auto* exec = event ? event->as<ExecPayload>() : nullptr) {
    append_argv(json, exec->argv, exec->argv_cut, SIZE_MAX);
  } else if (process) {
    append_argv(json, process->argv, process->argv_cut, kArgvBytes);
  }
  json.number("uid", event ? event->head->uid : process->uid);
  json.number("gid", event ? event->head->gid : process->gid);
  json.number("cgroup", event ? event->head->cgroup : process->cgroup);
  json.flag("python", event ? (event->head->flags & ASPIS_F_PYTHON) != 0 : process->python);
  if (process) append_parent(json, *process);
  json.close();
}

void append_cause(JsonWriter& json, const Cause& cause, bool inherited, unsigned level = 1) {
  json.open("cause");
  json.text("event", cause.event);
  json.raw("args", cause.args.empty() ? "{}" : cause.args);
  if (!cause.cut.empty()) json.raw("cut", cause.cut);
  json.number("seq", cause.seq);
  json.flag("inherited", inherited);
  if (cause.process) {
    json.open("process");
    json.number("pid", cause.process->id.pid);
    if (!cause.process->exe.empty()) json.text("exe", cause.process->exe);
    json.close();
  }
  if (cause.parent && level < kCauseLevels) append_cause(json, *cause.parent, false, level + 1);
  json.close();
}

void append_loss(JsonWriter& json, const Loss& loss) {
  json.open("lost");
  json.number("ring", loss.ring);
  json.number("scratch", loss.scratch);
  json.number("output", loss.output);
  json.number("decode", loss.decode);
  json.number("throttled", loss.throttled);
  json.number("total", loss.total());
  json.close();
}

void append_interpreter(JsonWriter& json, const InterpreterNotice& interpreter) {
  json.open("interpreter");
  json.text("path", interpreter.path);
  json.text("version", interpreter.version);
  if (!interpreter.build_id.empty()) json.text("build_id", interpreter.build_id);
  json.text("probe", interpreter.probe);
  json.text("offsets", offsets_name(interpreter.offsets));
  if (!interpreter.missed.empty()) {
    json.open_list("missed");
    for (const std::string& missed : interpreter.missed) json.text({}, missed);
    json.close_list();
  }
  json.flag("late", interpreter.late);
  json.close();
}

void append_tamper(JsonWriter& json, const TamperNotice& tamper) {
  char address[32];
  std::snprintf(address, sizeof(address), "0x%" PRIx64, tamper.address);
  json.open("tamper");
  json.text("path", tamper.path);
  json.text("what", tamper_name(tamper.what));
  json.text("address", address);
  if (tamper.what == TamperNotice::What::kSite) json.number("found", tamper.found);
  json.close();
}

void append_log(JsonWriter& json, const LogNotice& log) {
  json.open("log");
  json.text("action", log_notice_name(log.what));
  json.text("path", log.path);
  json.number("file", log.file);
  if (!log.previous.empty()) json.text("previous", log.previous);
  if (log.torn != 0) json.number("torn", log.torn);
  if (log.what == LogNotice::What::kSealed) {
    json.number("epoch", log.epoch);
    json.text("seal", log.seal);
  }
  json.close();
}

void append_agent(JsonWriter& json, const AgentNotice& agent) {
  const auto known = [&](std::string_view key, const std::string& value) {
    if (!value.empty()) json.text(key, value);
  };
  json.open("agent");
  json.text("action", agent_notice_name(agent.what));
  known("version", agent.version);
  known("request", agent.request);
  if (agent.asker) {
    json.number("pid", static_cast<std::uint64_t>(agent.asker->pid));
    json.number("uid", agent.asker->uid);
  }
  known("error", agent.error);
  known("path", agent.path);
  if (agent.seconds) {
    char text[32];
    std::snprintf(text, sizeof(text), "%.3f", *agent.seconds);
    json.raw("seconds", text);
  }
  if (agent.profiles) json.number("profiles", *agent.profiles);
  json.close();
}

void append_container(JsonWriter& json, const Container& container) {
  const auto known = [&](std::string_view key, const std::string& value) {
    if (!value.empty()) json.text(key, value);
  };
  json.open("container");
  json.text("id", container.id);
  known("runtime", container.runtime);
  known("name", container.name);
  known("image", container.image);
  known("pod", container.pod);
  known("namespace", container.pod_namespace);
  known("pod_uid", container.pod_uid);
  if (!container.labels.empty()) {
    json.open("labels");
    for (const auto& [name, value] : container.labels) {
      json.begin({});
      append_json_string(json.out(), name);
      json.out() += ':';
      append_json_string(json.out(), value);
    }
    json.close();
  }
  json.close();
}

void append_summary(JsonWriter& json, const Summary& summary) {
  json.number("produced", summary.produced);
  json.number("notices", summary.notices);
  json.number("emitted", summary.emitted);
  json.number("filtered", summary.filtered);
  append_loss(json, summary.lost);
  if (summary.earlier != 0) json.number("earlier", summary.earlier);
  json.number("untracked_tasks", summary.untracked_tasks);
  json.number("cut_paths", summary.cut_paths);
  json.number("cut_values", summary.cut_values);
  json.number("compat_syscalls", summary.compat_syscalls);
  json.number("missed_runs", summary.missed_runs);
  if (summary.interpreters.empty()) return;
  json.open_list("interpreters");
  for (const InterpreterNotice& interpreter : summary.interpreters) {
    json.open();
    json.text("path", interpreter.path);
    json.text("version", interpreter.version);
    json.text("probe", interpreter.probe);
    json.number("events", interpreter.events);
    json.close();
  }
  json.close_list();
}

void append_verdict(JsonWriter& json, const aspis_event& head) {
  if (head.verdict < kVerdicts.size()) {
    json.text("verdict", kVerdicts[head.verdict]);
  } else {
    json.text("verdict", std::to_string(head.verdict));
  }
  json.flag("compat", (head.flags & ASPIS_F_COMPAT) != 0);
}

void append_ruling(JsonWriter& json, const Record& record) {
  const aspis_event& head = *record.event->head;
  if (head.profile == 0 && head.info == 0) return;
  const bool reported = (head.flags & ASPIS_F_REPORTED) != 0;
  json.text("profile", record.profile);
  if (head.requested != 0) {
    json.text("requested", permission_names(record.kind, head.requested));
  }
  if (head.denied != 0) json.text("denied", permission_names(record.kind, head.denied));
  if (head.info != 0) json.text("info", info_text(head.info, record.package));
  if (!record.package.empty()) json.text("package", record.package);
  json.flag("killed", (head.flags & ASPIS_F_KILLED) != 0);
  json.flag("audited", reported && head.verdict == ASPIS_VERDICT_ALLOWED);
  json.flag("quiet", !reported && head.verdict != ASPIS_VERDICT_ALLOWED);
}

void append_stack(JsonWriter& json, const Record& record) {
  if (!record.stack.empty()) {
    json.open_list("stack");
    for (const StackFrame& frame : record.stack) {
      json.open();
      if (!frame.file.empty()) json.text("file", frame.file);
      if (!frame.function.empty()) json.text("function", frame.function);
      if (frame.line != 0) json.number("line", static_cast<std::uint64_t>(frame.line));
      if (!frame.distribution.empty()) json.text("distribution", frame.distribution);
      if (!frame.version.empty()) json.text("version", frame.version);
      json.close();
    }
    json.close_list();
  }
  json.flag("stack_cut", record.stack_cut);
}

}  // namespace

void JsonFormatter::append_head(const Record& record, JsonWriter& json) {
  json.begin("type");
  json.out() += '"';
  json.out() += kind_info(record.kind).type;
  json.out() += "\",\"time\":\"";
  clock_.append(record.time, json.out());
  json.out() += '"';
  if (record.seq != 0) json.number("seq", record.seq);
}

void JsonFormatter::format(const Record& record, std::string& out) {
  JsonWriter json(out);
  out += '{';
  append_head(record, json);
  append_process(json, record);
  if (record.container) append_container(json, *record.container);
  if (record.event) {
    append_payload(json, *record.event);
    append_verdict(json, *record.event->head);
    append_ruling(json, record);
  }
  if (record.cause) {
    append_cause(json, *record.cause,
                 record.event && (record.event->head->flags & ASPIS_F_INHERITED));
  }
  if (record.correlation != Correlation::kNone) {
    json.text("correlation", correlation_name(record.correlation));
  }
  if (record.correlation == Correlation::kMismatch) json.text("said", record.said);
  append_stack(json, record);
  if (record.loss) append_loss(json, *record.loss);
  if (record.summary) append_summary(json, *record.summary);
  if (record.interpreter) append_interpreter(json, *record.interpreter);
  if (record.tamper) append_tamper(json, *record.tamper);
  if (record.log) append_log(json, *record.log);
  if (record.agent) append_agent(json, *record.agent);
  out += "}\n";
}

}  // namespace aspis
