// SPDX-License-Identifier: Apache-2.0
// What outlives an agent, told and ended.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "agent/watch/session.h"
#include "base/result.h"

namespace aspis {

/// Logs what an agent goes on with, if it does.
void tell_adoption(const Observer& observer, const std::string& pins);

/// Keeps what is pinned pinned: somebody may remove it, or unmount the bpffs. And the agent's files
/// protected: others may be there.
class PinKeeper {
 public:
  explicit PinKeeper(std::string pins) : pins_(std::move(pins)) {}
  /// Looks once a second; logs and tells what has changed. `now`: ns, CLOCK_BOOTTIME.
  void tick(Session& session, std::uint64_t now);

 private:
  std::string pins_;
  std::string trouble_, unguarded_;
  std::uint64_t next_ = 0;
};

/// Logs what becomes of the policy when the agent ends.
void tell_end(Observer& observer, const std::string& pins);

/// Ends what is in force when no agent runs, and logs it. Fails if one does.
Result<> end_pinned(const std::string& pins);

}  // namespace aspis
