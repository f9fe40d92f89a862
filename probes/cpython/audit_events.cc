// SPDX-License-Identifier: Apache-2.0
#include "probes/cpython/audit_events.h"

#include <unordered_map>

namespace aspis::cpython {
namespace {

// "a, b" as a list of views into the literal.
std::vector<std::string_view> split(std::string_view list) {
  std::vector<std::string_view> names;
  while (!list.empty()) {
    const std::size_t comma = list.find(", ");
    names.push_back(list.substr(0, comma));
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 2);
  }
  return names;
}

const std::vector<AuditEvent>& table() {
  using enum Times;
  static const std::vector<AuditEvent> events{
#define ASPIS_AUDIT_EVENT(name, arguments, operations, path, other, times) \
  {name, operations, path, other, times, split(arguments)},
#include "probes/cpython/audit_events.def"
#undef ASPIS_AUDIT_EVENT
  };
  return events;
}

std::unordered_map<std::string_view, const AuditEvent*> make_index() {
  std::unordered_map<std::string_view, const AuditEvent*> index;
  for (const AuditEvent& event : table()) index.emplace(event.name, &event);
  return index;
}

}  // namespace

int AuditEvent::argument(std::string_view argument_name) const {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == argument_name) return static_cast<int>(i);
  }
  return -1;
}

const AuditEvent* find_audit_event(std::string_view name) {
  static const auto index = make_index();
  const auto found = index.find(name);
  return found == index.end() ? nullptr : found->second;
}

std::span<const std::string_view> documented_argument_names(std::string_view event) {
  const AuditEvent* found = find_audit_event(event);
  if (found == nullptr) return {};
  return found->arguments;
}

std::span<const AuditEvent> audit_events() {
  return table();
}

}  // namespace aspis::cpython
