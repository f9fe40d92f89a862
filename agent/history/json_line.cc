// SPDX-License-Identifier: Apache-2.0
#include "agent/history/json_line.h"

#include <algorithm>
#include <ctime>
#include <nlohmann/json.hpp>
#include <string_view>

#include "agent/event/kinds.h"
#include "agent/output/clock.h"
#include "agent/output/compact_text.h"
#include "agent/output/json_members.h"
#include "probes/cpython/distribution.h"

namespace aspis {
namespace {

using nlohmann::json;

constexpr std::size_t kObjectColumns = 120;  // of arguments and other members
constexpr std::size_t kShortId = 12;
constexpr unsigned kCauseLevels = 4;
constexpr std::string_view kRed = "\x1b[1;31m", kYellow = "\x1b[33m", kDim = "\x1b[2m",
                           kReset = "\x1b[0m";

void append_coloured(std::string& out, bool on, std::string_view colour, std::string_view text) {
  if (on) out += colour;
  out += text;
  if (on) out += kReset;
}

/// A string as it is; anything else as JSON.
void append_any(std::string& out, const json& value) {
  append_plain(out, value.is_string() ? value.get<std::string>()
                                      : value.dump(-1, ' ', false, json::error_handler_t::replace));
}

std::string name_of(const json& process) {
  const std::string exe = text_of(process, "exe");
  return exe.empty() ? "?" : exe.substr(exe.rfind('/') + 1);
}

void append_process(std::string& out, const json& process) {
  append_plain(out, name_of(process));
  out += '[';
  if (const auto pid = process.find("pid"); pid != process.end()) append_any(out, *pid);
  out += ']';
}

void append_actor(std::string& out, const json& record) {
  const json& process = object_of(record, "process");
  if (process.empty()) return;
  out += "  by ";
  append_process(out, process);
  const json& container = object_of(record, "container");
  if (container.empty()) return;
  out += " in ";
  if (const std::string pod = text_of(container, "pod"); !pod.empty())
    append_plain(out, text_of(container, "namespace") + "/" + pod + "/");
  const std::string name = text_of(container, "name");
  append_plain(out, name.empty() ? text_of(container, "id").substr(0, kShortId) : name);
}

void append_causes(std::string& out, const json& record) {
  const auto same = [](const json& a, const json& b) {
    return a.value("pid", json()) == b.value("pid", json()) &&
           text_of(a, "exe") == text_of(b, "exe");
  };
  const json* last = &object_of(record, "process");
  const json* cause = &object_of(record, "cause");
  if (text_of(record, "type") == kind_info(ASPIS_PYTHON_UNPERFORMED).type)
    cause = &object_of(*cause, "cause");  // it is the object
  for (unsigned level = 0; !cause->empty() && level < kCauseLevels;
       ++level, cause = &object_of(*cause, "cause")) {
    out += " ← ";
    append_plain(out, text_of(*cause, "event"));
    const json& process = object_of(*cause, "process");
    if (process.empty() || same(process, *last)) continue;
    out += " ← ";
    append_process(out, process);
    last = &process;
  }
}

void append_marks(std::string& out, bool colour, const json& record) {
  const std::string verdict = text_of(record, "verdict");
  if (verdict == "denied") {
    out += "  ";
    append_coloured(out, colour, kRed, flag_of(record, "killed") ? "KILLED" : "DENIED");
  } else if (!verdict.empty() && verdict != "allowed") {
    out += "  ";
    append_coloured(out, colour, kYellow, verdict == "complain" ? "COMPLAIN" : "VERDICT?");
  }
  const std::string denied = text_of(record, "denied"), info = text_of(record, "info");
  if (!denied.empty() || !info.empty()) {
    if (!denied.empty()) append_plain(out += ' ', denied);
    append_plain(out += " profile ", text_of(record, "profile"));
    if (!info.empty()) {
      append_plain(out += " (", info);
      out += ')';
    }
  }
  const std::string correlation = text_of(record, "correlation");
  if (correlation == "unaudited") {
    out += "  ";
    append_coloured(out, colour, kRed, "UNAUDITED");
  } else if (correlation == "mismatch") {
    out += "  ";
    append_coloured(out, colour, kRed, "MISMATCH");
    append_plain(out += " said ", text_of(record, "said"));
  }
}

void append_place(std::string& out, const json& record) {
  const auto stack = record.find("stack");
  if (stack == record.end() || !stack->is_array() || stack->empty()) return;
  const json* shown = &stack->front();
  for (const json& frame : *stack) {
    if (!frame.is_object() || text_of(frame, "file").empty() ||
        text_of(frame, "distribution") == cpython::kStandardLibrary)
      continue;
    shown = &frame;
    break;
  }
  if (!shown->is_object() || text_of(*shown, "file").empty()) return;
  append_plain(out += "  at ", text_of(*shown, "file"));
  if (const auto line = shown->find("line"); line != shown->end()) append_any(out += ':', *line);
  append_plain(out += " in ", text_of(*shown, "function"));
}

/// What was done, and to what: the member of the record that its kind has as payload.
void append_object(std::string& out, const json& record, const KindInfo& kind) {
  const json& payload = object_of(record, std::string(kind.payload).c_str());
  const std::size_t start = out.size();
  std::vector<std::string_view> said{"dev", "ino"};
  const auto say = [&](const char* key, std::string_view before) {
    const auto found = payload.find(key);
    if (found == payload.end()) return;
    append_any(out += before, *found);
    said.emplace_back(key);
  };
  say("event", " ");
  say("path", " ");
  say("other", " -> ");
  say("address", " ");
  say("port", ":");
  if (kind.payload == "exec")
    if (const auto argv = object_of(record, "process").find("argv");
        argv != object_of(record, "process").end() && argv->is_array())
      for (const json& word : *argv)
        if (word.is_string()) append_word(out += ' ', word.get<std::string>());
  for (const auto& [key, value] : payload.items()) {
    if (std::ranges::find(said, key) != said.end()) continue;
    append_plain(out += ' ', key);
    append_any(out += '=', value);
  }
  elide(out, start, std::max(kObjectColumns, columns(text_of(payload, "path")) + 1));
}

/// Of a notice: its own member, or all that the record has besides the head.
void append_notice(std::string& out, const json& record) {
  out += "-- ";
  append_plain(out, text_of(record, "type"));
  for (const auto& [key, value] : record.items()) {
    if (key == "type" || key == "time" || key == "seq" || key == "record" || key == "chain" ||
        key == "process" || key == "container")
      continue;
    append_plain(out += ' ', key);
    append_any(out += '=', value);
  }
  out += " --";
}

}  // namespace

std::int64_t json_time(const json& record) {
  std::tm parts{};
  const std::string time = text_of(record, "time");
  const char* rest = ::strptime(time.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  if (rest == nullptr) return -1;
  std::int64_t ns = std::int64_t{::timegm(&parts)} * 1'000'000'000;
  if (*rest == '.') {
    ++rest;
    for (std::int64_t digit = 100'000'000; *rest >= '0' && *rest <= '9'; digit /= 10, ++rest)
      ns += (*rest - '0') * digit;
  }
  return ns;
}

void append_json_line(const json& record, bool colour, std::string& out) {
  if (const std::int64_t time = json_time(record); time >= 0) {
    if (colour) out += kDim;
    LocalClock(0).append(static_cast<std::uint64_t>(time), out);
    if (colour) out += kReset;
    out += ' ';
  }
  const std::string type = text_of(record, "type");
  const auto kind = std::ranges::find(kKinds, std::string_view(type), &KindInfo::type);
  const bool unperformed = type == kind_info(ASPIS_PYTHON_UNPERFORMED).type;
  if (unperformed) {
    append_coloured(out, colour, kRed, "UNPERFORMED");
    const json& cause = object_of(record, "cause");
    append_plain(out += ' ', text_of(cause, "event"));
    const std::size_t start = out.size();
    out += ' ';
    out += object_of(cause, "args").dump(-1, ' ', false, json::error_handler_t::replace);
    elide(out, start, kObjectColumns);
  } else if (kind == kKinds.end() || kind->payload == "notice") {
    append_notice(out, record);
  } else {
    out += kind->verb;
    append_object(out, record, *kind);
  }
  append_marks(out, colour, record);
  append_actor(out, record);
  append_causes(out, record);
  append_place(out, record);
  out += '\n';
}

}  // namespace aspis
