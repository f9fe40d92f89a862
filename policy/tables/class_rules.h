// SPDX-License-Identifier: Apache-2.0
// Rules of the classes other than files, lowered. A subject of such a class is the class byte and
// what bpf/abi/subject.h says of it; all of them share one automaton.
#pragma once

#include <span>
#include <string>

#include "policy/tables/compiled.h"
#include "policy/tables/pattern.h"
#include "policy/tables/python_event.h"

namespace aspis::policy {

/// What the rules of one class are lowered into.
struct ClassContext {
  const std::string& profile;  ///< full name
  const PatternContext& patterns;
  AccessRules& rules;
  CompiledProfile& compiled;  ///< for classes that are bit sets and arrays
  std::span<const PythonEvent> python_events = {};
};

/// Lowers every rule of a profile but those of files.
void lower_class_rules(const Profile& profile, const ClassContext& context);

/// What holds for unix sockets besides the rules on them (unix_rules.cc).
void mediate_unix_sockets(const Profile& profile, const ClassContext& context);

// One for each class, in the file of its name.
void lower(const Rule& rule, const CapabilityRule& body, const ClassContext& context);
void lower(const Rule& rule, const SignalRule& body, const ClassContext& context);
void lower(const Rule& rule, const PtraceRule& body, const ClassContext& context);
void lower(const Rule& rule, const MountRule& body, const ClassContext& context);
void lower(const Rule& rule, const UsernsRule& body, const ClassContext& context);
void lower(const Rule& rule, const IoUringRule& body, const ClassContext& context);
void lower(const Rule& rule, const RlimitRule& body, const ClassContext& context);
void lower(const Rule& rule, const DbusRule& body, const ClassContext& context);
void lower(const Rule& rule, const NetworkRule& body, const ClassContext& context);
void lower(const Rule& rule, const UnixRule& body, const ClassContext& context);
void lower(const Rule& rule, const ChangeProfileRule& body, const ClassContext& context);
void lower(const Rule& rule, const ChangeOnRule& body, const ClassContext& context);
void lower(const Rule& rule, const MqueueRule& body, const ClassContext& context);
void lower(const Rule& rule, const PythonRule& body, const ClassContext& context);

/// What python rules stand on: every event is allowed, where no rule says otherwise.
void allow_python_events(const Profile& profile, const ClassContext& context);
/// "change_profile on python EVENT": the change to `transition` where the event is raised.
void lower_change_on_event(const Rule& rule, const ChangeOnRule& body, std::uint16_t transition,
                           const ClassContext& context);

}  // namespace aspis::policy
