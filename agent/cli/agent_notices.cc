// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/agent_notices.h"

#include <utility>

#include "agent/watch/wall_clock.h"

namespace aspis {
namespace {

/// A policy of many files may have much to be said of it; records are for logs.
constexpr std::size_t kErrorBytes = 2048;

}  // namespace

void tell_start(Session& session, const AgentPolicy& policy) {
  AgentNotice notice{AgentNotice::What::kStarted};
  if (const auto& adoption = session.observer().adoption()) {
    notice.what = AgentNotice::What::kResumed;
    notice.seconds = static_cast<double>(boot_time() - adoption->since) / 1e9;
  }
  notice.version = ASPIS_VERSION;
  notice.profiles = policy.profiles().size();
  session.tell(notice);
}

void tell_policy(Session& session, const AgentPolicy& policy, PolicyRequest request,
                 const Result<>& result) {
  AgentNotice notice{result ? AgentNotice::What::kPolicy : AgentNotice::What::kRefused};
  notice.request = std::move(request.request);
  notice.asker = request.asker;
  if (!result) notice.error = result.error().text().substr(0, kErrorBytes);
  notice.profiles = policy.profiles().size();
  session.tell(notice);
}

}  // namespace aspis
