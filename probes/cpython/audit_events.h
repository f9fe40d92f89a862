// SPDX-License-Identifier: Apache-2.0
// What is known of each audit event: its arguments' names and the operations that it announces.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace aspis::cpython {

/// Operations of the kernel that an audit event may announce; a set is the or of them.
enum Operation : std::uint32_t {
  kNothing = 0,
  kOpen = 1U << 0,
  kCreate = 1U << 1,
  kUnlink = 1U << 2,
  kRmdir = 1U << 3,
  kRename = 1U << 4,
  kLink = 1U << 5,
  kSymlink = 1U << 6,
  kMkdir = 1U << 7,
  kChmod = 1U << 8,
  kChown = 1U << 9,
  kTruncate = 1U << 10,
  kMmapExec = 1U << 11,
  kExec = 1U << 12,
  kSocket = 1U << 13,
  kBind = 1U << 14,
  kConnect = 1U << 15,
  kSendmsg = 1U << 16,
  kKill = 1U << 17,
  kNetwork = kSocket | kBind | kConnect | kSendmsg | kOpen | kMmapExec,
  kDatabase = kOpen | kCreate | kTruncate | kUnlink | kChmod | kChown,
};

/// How often the announced operation follows; see probes/cpython/audit_events.def.
enum class Times : std::uint8_t { kAny, kOnce, kChild, kLoad };

struct AuditEvent {
  std::string_view name;
  std::uint32_t operations = kNothing;  ///< Operation bits
  std::int8_t path = -1;                ///< argument that names the object; -1: none
  std::int8_t other = -1;               ///< argument with a second path; -1: none
  Times times = Times::kAny;
  std::vector<std::string_view> arguments;  ///< documented names

  /// When it succeeds, an operation must follow.
  [[nodiscard]] bool expected() const { return times == Times::kOnce || times == Times::kChild; }
  /// Index of the argument with this documented name; -1 if there is none.
  [[nodiscard]] int argument(std::string_view argument_name) const;
};

/// The event of this name; null for one that CPython itself does not raise. Static.
const AuditEvent* find_audit_event(std::string_view name);

/// Documented names of the arguments; empty for an unknown event. The names live for ever.
std::span<const std::string_view> documented_argument_names(std::string_view event);

/// Every event known, by name. Static.
std::span<const AuditEvent> audit_events();

}  // namespace aspis::cpython
