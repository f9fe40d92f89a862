// SPDX-License-Identifier: Apache-2.0
#include "agent/output/compact.h"

#include <algorithm>

#include "agent/event/kinds.h"
#include "agent/output/compact_payload.h"
#include "agent/output/compact_text.h"
#include "agent/output/names.h"
#include "agent/output/notice_text.h"
#include "agent/output/policy_names.h"
#include "probes/cpython/distribution.h"

namespace aspis {
namespace {

constexpr std::size_t kLineColumns = 200;
constexpr std::size_t kLeastColumns = 40;  // for the arguments, however long the rest is
constexpr unsigned kCauseLevels = 4;

constexpr std::string_view kRed = "\x1b[1;31m";
constexpr std::string_view kYellow = "\x1b[33m";
constexpr std::string_view kDim = "\x1b[2m";
constexpr std::string_view kReset = "\x1b[0m";

/// Appends `text`, in a colour if colours are on.
void append_coloured(std::string& out, bool on, std::string_view colour, std::string_view text) {
  if (on) out += colour;
  out += text;
  if (on) out += kReset;
}

void append_process(std::string& out, std::string_view name, std::uint32_t pid) {
  append_plain(out, name);
  out += '[';
  append_decimal(out, pid);
  out += ']';
}

/// As the runtimes shorten ids.
constexpr std::size_t kShortId = 12;

/// "  by NAME[PID] in NAMESPACE/POD/CONTAINER", or its name alone, or its id.
void append_actor(std::string& out, const Record& record) {
  const Process* process = record.process.get();
  if (process == nullptr && record.event == nullptr) return;
  out += "  by ";
  append_process(out, process ? process->name() : "?",
                 record.event ? record.event->head->pid : process->id.pid);
  if (!record.container) return;
  const Container& container = *record.container;
  out += " in ";
  if (!container.pod.empty()) {
    append_plain(out, container.pod_namespace + "/" + container.pod);
    out += '/';
  }
  append_plain(out, container.name.empty() ? container.id.substr(0, kShortId) : container.name);
}

/// Same process and same image: the image's start is the process's, so exe tells them apart.
bool same_image(const Process* a, const Process* b) {
  return a == b || (a && b && a->id == b->id && a->exe == b->exe);
}

/// " ← event ← process[pid] …", a process only where it changes.
void append_causes(std::string& out, const Record& record) {
  const Process* last = record.process.get();
  const Cause* cause = record.cause.get();
  if (record.kind == ASPIS_PYTHON_UNPERFORMED && cause)
    cause = cause->parent.get();  // it is the object
  for (unsigned level = 0; cause != nullptr; ++level, cause = cause->parent.get()) {
    if (level == kCauseLevels) {
      out += " ← …";
      return;
    }
    out += " ← ";
    append_plain(out, cause->event);
    const Process* process = cause->process.get();
    if (process == nullptr || same_image(process, last)) continue;
    out += " ← ";
    append_process(out, process->name(), process->id.pid);
    last = process;
  }
}

void append_marks(std::string& out, bool colour, const Record& record) {
  const unsigned verdict = record.event ? record.event->head->verdict : 0u;
  if (verdict == ASPIS_VERDICT_DENIED) {
    out += "  ";
    const bool killed = (record.event->head->flags & ASPIS_F_KILLED) != 0;
    append_coloured(out, colour, kRed, killed ? "KILLED" : "DENIED");
  } else if (verdict != ASPIS_VERDICT_ALLOWED) {
    out += "  ";
    append_coloured(out, colour, kYellow,
                    verdict == ASPIS_VERDICT_COMPLAIN ? "COMPLAIN" : "VERDICT?");
  }
  if (record.event && (record.event->head->denied != 0 || record.event->head->info != 0)) {
    if (record.event->head->denied != 0) out += ' ';
    out += permission_names(record.kind, record.event->head->denied);
    out += " profile ";
    append_plain(out, record.profile);
    if (const auto info = info_text(record.event->head->info, record.package); !info.empty()) {
      out += " (";
      out += info;
      out += ')';
    }
  }
  if (record.correlation == Correlation::kUnaudited) {
    out += "  ";
    append_coloured(out, colour, kRed, "UNAUDITED");
  } else if (record.correlation == Correlation::kMismatch) {
    out += "  ";
    append_coloured(out, colour, kRed, "MISMATCH");
    out += " said ";
    append_plain(out, record.said);
  }
}

/// "  at FILE:LINE in FUNCTION": the innermost frame that is not the standard library's.
void append_place(std::string& out, const Record& record) {
  if (record.stack.empty()) return;
  const StackFrame* shown = &record.stack.front();
  for (const StackFrame& frame : record.stack) {
    if (frame.file.empty() || frame.distribution == cpython::kStandardLibrary) continue;
    shown = &frame;
    break;
  }
  if (shown->file.empty()) return;
  out += "  at ";
  append_plain(out, shown->file);
  if (shown->line != 0) {
    out += ':';
    append_decimal(out, static_cast<std::uint64_t>(shown->line));
  }
  out += " in ";
  append_plain(out, shown->function);
}

/// "UNPERFORMED open {"path":…}": the verb is the mark.
void append_unperformed(std::string& out, bool colour, const Record& record, std::size_t limit) {
  append_coloured(out, colour, kRed, "UNPERFORMED");
  if (!record.cause) return;
  out += ' ';
  append_plain(out, record.cause->event);
  const std::size_t start = out.size();
  out += ' ';
  out += record.cause->args;  // JSON: nothing in it acts on a terminal
  elide(out, start, limit);
}

}  // namespace

void CompactFormatter::format(const Record& record, std::string& out) {
  if (context_.colour) out += kDim;
  clock_.append(record.time, out);
  if (context_.colour) out += kReset;
  out += ' ';
  const std::size_t start = out.size();
  suffix_.clear();
  append_marks(suffix_, context_.colour, record);
  append_actor(suffix_, record);
  append_causes(suffix_, record);
  append_place(suffix_, record);
  const std::string_view verb = kind_info(record.kind).verb;
  const std::size_t fixed = columns(suffix_) + verb.size() + sizeof("12:00:00.000");
  const std::size_t limit =
      fixed + kLeastColumns > kLineColumns ? kLeastColumns : kLineColumns - fixed;
  if (record.summary) {
    out += "-- ";
    append_summary_text(out, *record.summary);
    out += " --";
  } else if (record.loss) {
    out += "-- ";
    append_gap_text(out, *record.loss);
    out += " --";
  } else if (record.interpreter) {
    out += "-- ";
    append_interpreter_text(out, *record.interpreter);
    out += " --";
  } else if (record.tamper) {
    out += "-- ";
    append_tamper_text(out, *record.tamper);
    out += " --";
  } else if (record.log) {
    out += "-- ";
    append_log_text(out, *record.log);
    out += " --";
  } else if (record.agent) {
    out += "-- ";
    append_agent_text(out, *record.agent);
    out += " --";
  } else if (record.kind == ASPIS_PYTHON_UNPERFORMED) {
    append_unperformed(out, context_.colour, record, limit);
  } else {
    out += verb;
    if (record.event) append_object(out, *record.event, limit);
  }
  if (context_.colour && (record.loss || record.tamper) && out.size() > start) {
    out.insert(start, kYellow);
    out += kReset;
  }
  out += suffix_;
  out += '\n';
}

}  // namespace aspis
