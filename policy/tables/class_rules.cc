// SPDX-License-Identifier: Apache-2.0
#include "policy/tables/class_rules.h"

#include <limits>

namespace aspis::policy {
namespace {

/// Every class in turn, as "all," and the flag default_allow mean it.
void lower_all(const Rule& rule, const ClassContext& context) {
  lower(rule, CapabilityRule{}, context);
  lower(rule, SignalRule{}, context);
  lower(rule, PtraceRule{}, context);
  MountRule mount;
  for (const auto operation :
       {MountOperation::Mount, MountOperation::Umount, MountOperation::PivotRoot}) {
    mount.operation = operation;
    lower(rule, mount, context);
  }
  lower(rule, NetworkRule{}, context);  // unix sockets, too
  lower(rule, UsernsRule{}, context);
  lower(rule, IoUringRule{}, context);
  lower(rule, MqueueRule{}, context);
  lower(rule, ChangeProfileRule{}, context);
}

}  // namespace

void lower_class_rules(const Profile& profile, const ClassContext& context) {
  for (const Rule& rule : profile.rules) {
    std::visit(
        [&](const auto& body) {
          using Body = std::decay_t<decltype(body)>;
          if constexpr (std::is_same_v<Body, AllRule>) {
            lower_all(rule, context);
          } else if constexpr (requires { lower(rule, body, context); }) {
            lower(rule, body, context);
          }
        },
        rule.body);
  }
  for (const Flag& flag : profile.flags) {
    if (flag.name != "default_allow") continue;
    Rule weakest{flag.at, {}, AllRule{}};
    weakest.qualifiers.priority = std::numeric_limits<int>::min();
    lower_all(weakest, context);
  }
  mediate_unix_sockets(profile, context);
  allow_python_events(profile, context);
}

}  // namespace aspis::policy
