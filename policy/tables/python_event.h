// SPDX-License-Identifier: Apache-2.0
// What policy is told of Python's audit events: it knows none by itself.
#pragma once

#include <span>
#include <string_view>

namespace aspis::policy {

/// An audit event, and the names that its arguments have in rules.
struct PythonEvent {
  std::string_view name;
  std::span<const std::string_view> arguments;
};

}  // namespace aspis::policy
