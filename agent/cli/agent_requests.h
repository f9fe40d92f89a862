// SPDX-License-Identifier: Apache-2.0
// What can be asked of a running agent, besides tails.
#pragma once

#include "agent/cli/agent_policy.h"
#include "agent/control/activity.h"
#include "agent/control/server.h"
#include "agent/watch/session.h"

namespace aspis {

/// Makes the server answer "status", "activity" and "recent", and "policy.list", "policy.load",
/// "policy.remove", "policy.mode", "policy.reload". All must live as long as the server.
void answer_requests(Server& server, Session& session, AgentPolicy& policy, Activity& activity);

}  // namespace aspis
