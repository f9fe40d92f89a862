// SPDX-License-Identifier: Apache-2.0
// "set rlimit" of profiles. A BPF program cannot set limits, so the agent does, when it hears of
// the exec that enters the profile: until then the new image runs under the limits of the old one.
// (The command of `aspis run` gets them before it is executed.) Raising them is denied in the
// kernel from the first instruction on.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <span>

#include "agent/event/event.h"
#include "agent/kernel/observer.h"
#include "base/result.h"

namespace aspis {

class LimitSetter {
 public:
  explicit LimitSetter(Observer& observer) : observer_(observer) {}

  /// An exec: sets the limits of the profiles that the new image runs under.
  void note_exec(const aspis_event& head);
  /// The same for all processes that are confined now: they may have been executed when nobody
  /// looked.
  Result<> catch_up();
  /// Sets those of one profile. Limits are only ever lowered, as AppArmor does.
  void apply(pid_t pid, std::uint16_t profile);

 private:
  void set(pid_t pid, int resource, std::uint64_t limit, std::uint16_t profile);

  Observer& observer_;
};

}  // namespace aspis
