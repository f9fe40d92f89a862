// SPDX-License-Identifier: Apache-2.0
// Notices that policy files have changed: inotify(7).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agent/watch/event_loop.h"
#include "base/fd.h"
#include "base/result.h"

namespace aspis {

class PolicyWatch {
 public:
  /// Watches the directories among `paths`, and those that the files among them are in. A directory
  /// that is not there is passed over. `loop` must outlive it.
  static Result<PolicyWatch> create(EventLoop& loop, const std::vector<std::string>& paths);

  /// Whether something has changed, and nothing has for half a second since: an editor, or a
  /// package, makes several changes. Then false until the next change. `now`: ns, CLOCK_BOOTTIME.
  bool changed(std::uint64_t now);

 private:
  explicit PolicyWatch(Fd inotify) : inotify_(std::move(inotify)) {}
  bool drain() const;

  Fd inotify_;
  std::uint64_t last_ = 0;  ///< change; 0: none, or it has been told of
};

}  // namespace aspis
