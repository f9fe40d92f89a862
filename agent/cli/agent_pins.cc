// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/agent_pins.h"

#include <spdlog/spdlog.h>

#include "agent/kernel/adopt.h"
#include "agent/watch/session.h"

namespace aspis {

void tell_adoption(const Observer& observer, const std::string& pins) {
  const auto& adoption = observer.adoption();
  if (!adoption) return;
  const double seconds = static_cast<double>(boot_time() - adoption->since) / 1e9;
  spdlog::info(
      "goes on with what is pinned in {}: no agent had looked for {:.1f} s, {} KiB of "
      "reports have waited",
      pins, seconds, (adoption->waiting + 1023) / 1024);
}

void tell_end(Observer& observer, const std::string& pins) {
  if (observer.pinned()) {
    spdlog::info(
        "the policy stays in force, pinned in {}; what it denies is kept for the next "
        "agent, as far as there is room. 'aspis agent --uninstall' ends it",
        pins);
  } else if (const auto left = observer.confined_tasks(); left && !left->empty()) {
    spdlog::warn("{} confined tasks go on unconfined", left->size());
  }
}

Result<> end_pinned(const std::string& pins) {
  const auto done = TRY(uninstall(pins));
  if (!done.found) {
    spdlog::info("nothing is pinned in {}", pins);
    return {};
  }
  spdlog::info("removed what was pinned in {}: nothing is enforced any more", pins);
  if (!done.confined)
    spdlog::warn("tasks that were confined go on unconfined");
  else if (*done.confined != 0)
    spdlog::warn("{} confined tasks go on unconfined", *done.confined);
  return {};
}

}  // namespace aspis
