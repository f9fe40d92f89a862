// SPDX-License-Identifier: Apache-2.0
// Which records a person wants to see. Filters choose among what is tracked; they track nothing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agent/event/record.h"

namespace aspis {

/// Empty lists let everything pass; those that are not must all let the record pass.
struct Filter {
  std::vector<std::uint32_t> pids;
  std::vector<std::string> exes;    ///< globs on the executable's path
  std::vector<std::string> events;  ///< globs on "file.open", and on "python.NAME" for audit events
  std::vector<std::string> verdicts;  ///< "allowed", "denied", "complain"
  bool python_only = false;           ///< only processes that have raised an audit event

  /// Does the record pass? Gaps and the summary always do.
  [[nodiscard]] bool passes(const Record& record) const;
};

/// "allowed", "denied", "complain".
bool verdict_exists(const std::string& name);

}  // namespace aspis
