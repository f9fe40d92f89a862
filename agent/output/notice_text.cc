// SPDX-License-Identifier: Apache-2.0
#include "agent/output/notice_text.h"

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <string_view>
#include <utility>

#include "agent/output/compact_text.h"
#include "agent/output/names.h"

namespace aspis {
namespace {

void append_losses(std::string& out, const Loss& loss) {
  const std::pair<std::string_view, std::uint64_t> stages[] = {
      {"ring", loss.ring},     {"scratch", loss.scratch},     {"output", loss.output},
      {"decode", loss.decode}, {"throttled", loss.throttled},
  };
  std::string_view separator = " (";
  for (const auto& [name, count] : stages) {
    if (count == 0) continue;
    out += separator;
    out += name;
    out += ' ';
    append_decimal(out, count);
    separator = ", ";
  }
  if (loss.total() != 0) out += ')';
}

}  // namespace

void append_gap_text(std::string& out, const Loss& loss) {
  append_decimal(out, loss.total());
  out += loss.total() == 1 ? " event lost here" : " events lost here";
  append_losses(out, loss);
}

void append_summary_text(std::string& out, const Summary& summary) {
  append_decimal(out, summary.produced);
  out += " events: ";
  append_decimal(out, summary.emitted);
  out += " shown, ";
  append_decimal(out, summary.filtered);
  out += " filtered, ";
  append_decimal(out, summary.lost.total());
  out += " lost";
  append_losses(out, summary.lost);
  const std::pair<std::string_view, std::uint64_t> remarks[] = {
      {" seen by agents before", summary.earlier},
      {" tasks not tracked", summary.untracked_tasks},
      {" paths cut", summary.cut_paths},
      {" values cut", summary.cut_values},
      {" 32-bit calls not decoded", summary.compat_syscalls},
      {" program runs missed", summary.missed_runs},
  };
  for (const auto& [text, count] : remarks) {
    if (count == 0) continue;
    out += ", ";
    append_decimal(out, count);
    out += text;
  }
  for (const InterpreterNotice& interpreter : summary.interpreters) {
    out += "; ";
    append_decimal(out, interpreter.events);
    out += " audit events of ";
    append_plain(out, interpreter.path);
  }
}

void append_interpreter_text(std::string& out, const InterpreterNotice& interpreter) {
  append_plain(out, interpreter.path);
  out += " CPython ";
  append_plain(out, interpreter.version);
  out += ", audit events by ";
  out += interpreter.probe;
  if (interpreter.late) out += ", those before this line are missing";
  std::string_view separator = "; missed: ";
  for (const std::string& missed : interpreter.missed) {
    out += separator;
    append_plain(out, missed);
    separator = "; ";
  }
}

void append_tamper_text(std::string& out, const TamperNotice& tamper) {
  char text[96];
  const bool site = tamper.what == TamperNotice::What::kSite;
  std::snprintf(text, sizeof(text),
                site ? "site at 0x%" PRIx64 " of " : "semaphore at 0x%" PRIx64 " of ",
                tamper.address);
  out += "PROBE TAMPERED WITH: ";
  out += text;
  append_plain(out, tamper.path);
  std::snprintf(text, sizeof(text), " has no breakpoint but 0x%02x", unsigned{tamper.found});
  out += site ? text : " is zero";
  out += ", and is left so: audit events of this process are missing";
}

void append_log_text(std::string& out, const LogNotice& log) {
  out += "log ";
  append_plain(out, log.path);
  out += ' ';
  out += log_notice_name(log.what);
}

void append_agent_text(std::string& out, const AgentNotice& agent) {
  using What = AgentNotice::What;
  const bool policy = agent.what == What::kPolicy || agent.what == What::kRefused;
  out += policy ? "agent: policy " : "agent ";
  if (policy) append_plain(out, agent.request);
  if (!policy || agent.what == What::kRefused) {
    if (policy) out += ' ';
    out += agent_notice_name(agent.what);
  }
  if (!agent.path.empty()) {
    out += " again what somebody had removed from ";
    append_plain(out, agent.path);
  }
  if (agent.seconds) {
    char text[80];
    std::snprintf(text, sizeof(text),
                  agent.what == What::kClock ? " set by %+.3f s" : " after %.3f s without one",
                  *agent.seconds);
    out += text;
  }
  if (agent.asker) {
    out += ", asked for by process ";
    append_decimal(out, static_cast<std::uint64_t>(agent.asker->pid));
    out += " of user ";
    append_decimal(out, agent.asker->uid);
  }
  if (!agent.error.empty()) {
    out += ": ";
    append_plain(out, agent.error);
  }
  if (agent.profiles) {
    out += agent.error.empty() ? ": " : "; ";
    append_decimal(out, *agent.profiles);
    out += *agent.profiles == 1 ? " profile in force" : " profiles in force";
  }
}

}  // namespace aspis
