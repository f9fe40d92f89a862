// SPDX-License-Identifier: Apache-2.0
#include "agent/output/ecs.h"

#include <algorithm>
#include <array>
#include <unordered_map>

#include "agent/event/kinds.h"
#include "agent/output/ecs_fields.h"
#include "agent/output/json_text.h"
#include "agent/output/message.h"

namespace aspis {
namespace {

constexpr std::string_view kOwn = "aspis.";

bool has_word(std::string_view words, std::string_view word) {
  for (std::size_t at = 0; at < words.size();) {
    const std::size_t end = std::min(words.find(' ', at), words.size());
    if (words.substr(at, end - at) == word) return true;
    at = end + 1;
  }
  return false;
}

/// Rows by the name in JSON.
const std::unordered_multimap<std::string_view, const EcsField*>& fields() {
  static const auto rows = [] {
    std::unordered_multimap<std::string_view, const EcsField*> made;
    for (const EcsField& row : kEcsFields)
      if (!row.name.empty()) made.emplace(row.name, &row);
    return made;
  }();
  return rows;
}

const EcsKind& kind_of(std::string_view type) {
  static constexpr EcsKind kOther{"", "event", "", ""};
  const auto* row = std::ranges::find(kEcsKinds, type, &EcsKind::type);
  return row == std::end(kEcsKinds) ? kOther : *row;
}

/// Objects with members that are the program's: their names are no fields.
bool is_leaf(std::string_view name) {
  static constexpr std::array<std::string_view, 4> kLeaves = {"python.args", "cause.args",
                                                              "cause.cause", "container.labels"};
  return std::ranges::find(kLeaves, name) != kLeaves.end();
}

/// What stands at `at` of JSON that we wrote ourselves, so that it has neither spaces nor errors.
std::string_view value_at(std::string_view json, std::size_t at) {
  std::size_t end = at;
  unsigned depth = 0;
  bool quoted = false;
  for (; end < json.size(); ++end) {
    const char c = json[end];
    if (quoted) {
      if (c == '\\')
        ++end;
      else if (c == '"')
        quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      if (depth == 0) break;
      --depth;
    } else if (c == ',' && depth == 0) {
      break;
    }
  }
  return json.substr(at, std::min(end, json.size()) - at);
}

std::string converted(std::string_view value, EcsValue how) {
  if (how == EcsValue::kText) return "\"" + std::string(value) + "\"";
  if (how == EcsValue::kFamily && value == "\"inet\"") return "\"ipv4\"";
  if (how == EcsValue::kFamily && value == "\"inet6\"") return "\"ipv6\"";
  return without_lone_surrogates(value);
}

std::string json_string(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return without_lone_surrogates(out);
}

std::string json_list(std::string_view words) {
  std::string out = "[";
  JsonWriter list(out);
  for (std::size_t at = 0; at < words.size();) {
    const std::size_t end = std::min(words.find(' ', at), words.size());
    list.text({}, words.substr(at, end - at));
    at = end + 1;
  }
  return out + "]";
}

std::string_view level_of(const Record& record) {
  switch (severity_of(record)) {
    case Severity::kError:
      return "error";
    case Severity::kWarning:
      return "warning";
    case Severity::kNotice:
      return "notice";
    default:
      return "info";
  }
}

/// Opens and closes objects so that `path` can be written; its last component is returned.
std::string_view go_to(std::string& out, std::string_view from, std::string_view path) {
  std::size_t common = 0;
  for (std::size_t i = 0; i < std::min(from.size(), path.size()) && from[i] == path[i]; ++i)
    if (path[i] == '.') common = i + 1;
  for (const char c : from.substr(common))
    if (c == '.') out += '}';
  for (std::size_t at = common;;) {
    const std::size_t end = path.find('.', at);
    if (end == std::string_view::npos) return path.substr(at);
    JsonWriter(out).open(path.substr(at, end - at));
    at = end + 1;
  }
}

}  // namespace

EcsFormatter::EcsFormatter(const FormatContext& context)
    : json_(context), compact_({context.wall_offset, false}), host_(host_name()) {}

void EcsFormatter::add(std::string_view path, std::string_view text) {
  leaves_.push_back({std::string(path), json_string(text)});
}

void EcsFormatter::place(std::string_view name, std::string_view value, std::string_view kind) {
  const auto [first, last] = fields().equal_range(name);
  for (auto row = first; row != last; ++row) {
    const EcsField& field = *row->second;
    if (!field.kinds.empty() && !has_word(field.kinds, kind)) continue;
    leaves_.push_back({std::string(field.ecs), converted(value, field.value)});
    return;
  }
  leaves_.push_back({std::string(kOwn).append(name), without_lone_surrogates(value)});
}

void EcsFormatter::collect(std::string_view object, std::string& prefix, std::string_view kind) {
  const std::size_t length = prefix.size();
  for (std::size_t at = 1; at + 1 < object.size();) {  // after '{' or ','
    const std::string_view key = value_at(object, at).substr(1);
    const std::size_t end = key.find('"');
    prefix.append(key.substr(0, end));
    at += end + 3;  // and both quotes, and the colon
    const std::string_view value = value_at(object, at);
    if (value.starts_with('{') && !is_leaf(prefix)) {
      prefix += '.';
      collect(value, prefix, kind);
    } else {
      place(prefix, value, kind);
    }
    prefix.resize(length);
    at += value.size() + 1;
  }
}

void EcsFormatter::add_event(const Record& record, std::string_view type) {
  const EcsKind& row = kind_of(type);
  std::string categories(row.categories), types(row.types);
  std::string_view kind = row.kind;
  if (const aspis_event* head = record.event == nullptr ? nullptr : record.event->head) {
    const bool denied = head->verdict == ASPIS_VERDICT_DENIED;
    if (denied) types += " denied";
    if (head->verdict == ASPIS_VERDICT_COMPLAIN) types += " allowed";
    if (head->verdict != ASPIS_VERDICT_ALLOWED) categories += " intrusion_detection";
    if (head->verdict != ASPIS_VERDICT_ALLOWED && (head->flags & ASPIS_F_REPORTED) != 0)
      kind = "alert";
    add("event.outcome", denied ? "failure" : "success");
  } else if (record.kind == ASPIS_PYTHON_UNPERFORMED) {
    add("event.outcome", "unknown");
  }
  add("event.kind", kind);
  if (!categories.empty()) leaves_.push_back({"event.category", json_list(categories)});
  if (!types.empty()) leaves_.push_back({"event.type", json_list(types)});
  add("event.module", "aspis");
  add("event.dataset", "aspis.events");
  add("log.level", level_of(record));
}

void EcsFormatter::add_derived(const Record& record) {
  add("ecs.version", kEcsVersion);
  add("host.name", host_);
  line_.clear();
  compact_.format(record, line_);
  const std::size_t time = line_.find(' ') + 1;
  add("message", std::string_view(line_).substr(time, line_.size() - time - 1));
  if (record.process && !record.process->exe.empty()) add("process.name", record.process->name());
  if (!record.container) return;
  const Container& container = *record.container;
  if (!container.pod.empty() || !container.pod_uid.empty())
    add("orchestrator.resource.type", "pod");
  if (!container.pod.empty() || !container.pod_uid.empty() || !container.pod_namespace.empty())
    add("orchestrator.type", "kubernetes");
}

void EcsFormatter::format(const Record& record, std::string& out) {
  const std::string_view type = kind_info(record.kind).type;
  leaves_.clear();
  prefix_.clear();
  add_event(record, type);
  add_derived(record);
  line_.clear();
  json_.format(record, line_);
  collect(std::string_view(line_).substr(0, line_.size() - 1), prefix_, type);
  std::ranges::sort(leaves_, {}, &Leaf::path);
  out += '{';
  std::string_view at;
  for (const Leaf& leaf : leaves_) {
    JsonWriter(out).raw(go_to(out, at, leaf.path), leaf.value);
    at = leaf.path;
  }
  go_to(out, at, {});
  out += "}\n";
}

}  // namespace aspis
