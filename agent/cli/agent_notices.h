// SPDX-License-Identifier: Apache-2.0
// What the agent does itself, told where events go.
#pragma once

#include <optional>
#include <string>

#include "agent/cli/agent_policy.h"
#include "agent/event/agent_notice.h"
#include "agent/watch/session.h"
#include "base/result.h"

namespace aspis {

/// That it has started, or goes on with what was pinned.
void tell_start(Session& session, const AgentPolicy& policy);

/// A change of policy that was asked for.
struct PolicyRequest {
  std::string request;                      ///< in words, as AgentNotice::request
  std::optional<AgentNotice::Asker> asker;  ///< none: a signal, or files that have changed
};
/// What came of it.
void tell_policy(Session& session, const AgentPolicy& policy, PolicyRequest request,
                 const Result<>& result);

}  // namespace aspis
