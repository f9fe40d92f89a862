// SPDX-License-Identifier: Apache-2.0
// Which records a person wants to see. Filters choose among what is tracked; they track nothing.
#pragma once

#include <string>
#include <vector>

#include "agent/event/record.h"

namespace aspis {

/// Empty lists let everything pass; those that are not must all let the record pass.
struct Filter {
  std::vector<std::string> events;  ///< globs on "file.open", and on "python.NAME" for audit events
  std::vector<std::string> verdicts;  ///< of kVerdicts (agent/event/kinds.h)
  bool python_only = false;           ///< only processes that have raised an audit event
  bool denials_only = false;          ///< only what a profile reports

  /// Does the record pass? Gaps and the summary always do.
  [[nodiscard]] bool passes(const Record& record) const;
};

/// Does one of the globs match the type of an event, or that and the name of an audit event
/// ("python.open")? No globs match everything. `audit`: empty if it is none.
bool event_glob_matches(const std::vector<std::string>& globs, const std::string& type,
                        const std::string& audit);

/// Can this glob of `events` match anything? Kinds are known, names of audit events are not: any
/// program may raise its own.
bool event_glob_can_match(const std::string& glob);

}  // namespace aspis
