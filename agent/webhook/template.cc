// SPDX-License-Identifier: Apache-2.0
#include "agent/webhook/template.h"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "agent/event/kinds.h"
#include "agent/output/clock.h"
#include "agent/output/json_text.h"
#include "agent/output/message.h"
#include "agent/output/places.h"

namespace aspis {
namespace {

constexpr std::string_view kOpen = "{{", kClose = "}}";

std::string compact_line(const Record& record, const FormatContext& context) {
  std::string line;
  CompactFormatter({context.wall_offset, false}).format(record, line);
  const std::size_t time = line.find(' ') + 1;
  return line.substr(time, line.size() - time - 1);
}

/// Slack's own escapes: what a program is called must not call for a channel's attention.
std::string slack_line(const Record& record, const FormatContext& context) {
  std::string out = host_name() + ": ";
  for (const char c : compact_line(record, context)) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else
      out += c;
  }
  return out;
}

std::string verdict(const Record& record, const FormatContext&) {
  const unsigned number = record.event == nullptr ? 0 : record.event->head->verdict;
  return std::string(number < kVerdicts.size() ? kVerdicts[number] : "");
}

std::string object(const Record& record, const FormatContext&) {
  std::string out;
  if (record.event == nullptr) return out;
  if (const auto* file = record.event->as<FilePayload>()) append_path_text(out, file->path);
  if (const auto* exec = record.event->as<ExecPayload>()) append_path_text(out, exec->exe);
  if (const auto* python = record.event->as<PythonPayload>()) out = python->name;
  if (const auto* privilege = record.event->as<PrivilegePayload>())
    append_path_text(out, privilege->path);
  if (const auto* net = record.event->as<NetPayload>()) {
    if (append_ip_address(out, net->raw->family, net->raw->address))
      out += " " + std::to_string(net->raw->port);
    else
      out = unix_name(net->unix_path).text;
  }
  return out;
}

std::string time_of(const Record& record, const FormatContext& context) {
  std::string out;
  UtcClock(context.wall_offset).append(record.time, out);
  return out;
}

template <std::string Container::* member>
std::string of_container(const Record& record, const FormatContext&) {
  return record.container ? (*record.container).*member : "";
}

struct Row : Placeholder {
  std::string (*value)(const Record&, const FormatContext&);  ///< null: not of a record
  bool json = false;                                          ///< stands without quotes
};

constexpr std::string_view kCount = "count", kMore = "more", kTimes = "times";

const Row kRows[] = {
    {{"text", "the line of the compact format, without its time"}, compact_line},
    {{"slack", "the same after the name of this machine, escaped for Slack's markup"}, slack_line},
    {{kTimes, "\" (×17 more)\", or nothing"}, nullptr},
    {{kCount, "how many events the message tells of"}, nullptr},
    {{kMore,
      "how many of them it does not show, as they are like the one that it shows, or like "
      "one shown before"},
     nullptr},
    {{"type", "the kind of event: file.open"},
     [](const Record& r, const FormatContext&) { return std::string(kind_info(r.kind).type); }},
    {{"verdict", "allowed, denied, complain"}, verdict},
    {{"object", "the path, the address and port, the audit event"}, object},
    {{"profile", "that decided"}, [](const Record& r, const FormatContext&) { return r.profile; }},
    {{"exe", "the executable"},
     [](const Record& r, const FormatContext&) { return r.process ? r.process->exe : ""; }},
    {{"pid", "of the process"},
     [](const Record& r, const FormatContext&) {
       return std::to_string(r.process ? r.process->id.pid : 0);
     }},
    {{"uid", "real user id"},
     [](const Record& r, const FormatContext&) {
       return std::to_string(r.event != nullptr ? r.event->head->uid : 0);
     }},
    {{"cause", "the audit event that led to it"},
     [](const Record& r, const FormatContext&) { return r.cause ? r.cause->event : ""; }},
    {{"time", "RFC 3339, UTC"}, time_of},
    {{"host", "the name of this machine"},
     [](const Record&, const FormatContext&) { return host_name(); }},
    {{"container", "its id"}, of_container<&Container::id>},
    {{"image", "of the container"}, of_container<&Container::image>},
    {{"pod", "its name"}, of_container<&Container::pod>},
    {{"namespace", "of the pod"}, of_container<&Container::pod_namespace>},
    {{"event", "the whole event, an object (docs/events.md): without quotes around it"},
     [](const Record& r, const FormatContext& context) {
       std::string line;
       JsonFormatter(context).format(r, line);
       line.pop_back();
       return line;
     },
     true},
};

int find_row(std::string_view name) {
  const auto* row = std::ranges::find(kRows, name, [](const Row& one) { return one.name; });
  return row == std::end(kRows) ? -1 : static_cast<int>(row - std::begin(kRows));
}

std::string place_of(const std::string& name, std::string_view text, std::size_t at) {
  const std::string_view before = text.substr(0, at);
  const std::size_t line = before.rfind('\n');
  const auto lines = std::ranges::count(before, '\n');
  return name + ":" + std::to_string(lines + 1) + ":" +
         std::to_string(at - (line == std::string_view::npos ? 0 : line + 1) + 1) + ": ";
}

std::string unknown(std::string_view name) {
  std::string out = "there is no placeholder '" + std::string(name) + "'; there are";
  for (const Row& row : kRows) out += " " + std::string(row.name);
  return out;
}

std::string times(std::uint64_t more) {
  return more == 0 ? "" : " (×" + std::to_string(more) + " more)";
}

}  // namespace

std::span<const Placeholder> placeholders() {
  static const auto all = [] {
    std::vector<Placeholder> made;
    for (const Row& row : kRows) made.push_back(row);
    return made;
  }();
  return all;
}

Result<WebhookTemplate> WebhookTemplate::read(std::string_view text, const std::string& name) {
  WebhookTemplate made;
  Values example;
  std::size_t at = 0;
  for (;;) {
    const std::size_t open = text.find(kOpen, at);
    made.pieces_.push_back({std::string(text.substr(at, open - at)), -1});
    if (open == std::string_view::npos) break;
    const std::size_t begin = open + kOpen.size();
    const std::size_t close = text.find(kClose, begin);
    if (close == std::string_view::npos)
      return fail(place_of(name, text, open) + "'{{' begins a placeholder, and no '}}' ends it");
    const int row = find_row(text.substr(begin, close - begin));
    if (row < 0)
      return fail(place_of(name, text, open) + unknown(text.substr(begin, close - begin)));
    made.pieces_.back().placeholder = row;
    at = close + kClose.size();
    example.emplace_back(kRows[row].json ? "{}" : "0");
  }
  try {
    const auto json [[maybe_unused]] = nlohmann::json::parse(made.fill(example, 1, 0));
  } catch (const nlohmann::json::parse_error& error) {
    return fail(name + ": it is no JSON once its placeholders are filled: " + error.what());
  }
  return made;
}

Result<WebhookTemplate> WebhookTemplate::read_file(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  if (!file || !(text << file.rdbuf() || file.peek() == EOF)) return fail_errno(path);
  return read(text.str(), path);
}

WebhookTemplate::Values WebhookTemplate::values(const Record& record,
                                                const FormatContext& context) const {
  Values values;
  for (const Piece& piece : pieces_) {
    if (piece.placeholder < 0) continue;
    const Row& row = kRows[piece.placeholder];
    std::string& value = values.emplace_back();
    if (row.value == nullptr) continue;
    const std::string plain = row.value(record, context);
    if (row.json) {
      value = without_lone_surrogates(plain);
    } else {
      append_json_string(value, plain);
      value = without_lone_surrogates(std::string_view(value).substr(1, value.size() - 2));
    }
  }
  return values;
}

std::string WebhookTemplate::fill(const Values& values, std::uint64_t count,
                                  std::uint64_t more) const {
  std::string out;
  auto value = values.begin();
  for (const Piece& piece : pieces_) {
    out += piece.text;
    if (piece.placeholder < 0) continue;
    const std::string_view name = kRows[piece.placeholder].name;
    if (name == kCount)
      out += std::to_string(count);
    else if (name == kMore)
      out += std::to_string(more);
    else if (name == kTimes)
      out += times(more);
    else
      out += *value;
    ++value;
  }
  return out;
}

}  // namespace aspis
