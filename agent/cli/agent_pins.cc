// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/agent_pins.h"

#include "agent/kernel/adopt.h"
#include "base/log.h"

namespace aspis {

void tell_adoption(const Observer& observer, const std::string& pins) {
  const auto& adoption = observer.adoption();
  if (!adoption) return;
  const double seconds = static_cast<double>(boot_time() - adoption->since) / 1e9;
  log::info(
      "goes on with what is pinned in {}: no agent had looked for {:.1f} s, {} KiB of "
      "reports have waited",
      pins, seconds, (adoption->waiting + 1023) / 1024);
}

void PinKeeper::tick(Session& session, std::uint64_t now) {
  constexpr std::uint64_t kLook = 1'000'000'000;
  if (now < next_) return;
  next_ = now + kLook;
  Observer& observer = session.observer();
  const auto again = observer.keep_pinned();
  if (again && *again) {
    AgentNotice pinned{AgentNotice::What::kPinned};
    pinned.path = pins_;
    session.tell(pinned);
    log::warn(
        "what was pinned in {} was gone: somebody has removed it, or unmounted the bpffs. "
        "It is pinned again",
        pins_);
  }
  const std::string trouble = again ? "" : again.error().text();
  if (!trouble.empty() && trouble != trouble_)
    log::error(
        "what was pinned in {} is gone, and cannot be pinned again: {}. As long as that is so, "
        "enforcement ends with this agent",
        pins_, trouble);
  trouble_ = trouble;
  const auto guarded = observer.keep_guarded();
  const std::string unguarded = guarded ? "" : guarded.error().text();
  if (!unguarded.empty() && unguarded != unguarded_) log::error("{}", unguarded);
  unguarded_ = unguarded;
}

void tell_end(Observer& observer, const std::string& pins) {
  if (observer.pinned() && observer.keep_pinned()) {
    log::info(
        "the policy stays in force, pinned in {}; what it denies is kept for the next "
        "agent, as far as there is room. 'aspis agent --uninstall' ends it",
        pins);
  } else if (const auto left = observer.confined_tasks(); left && !left->empty()) {
    log::warn("{} confined tasks go on unconfined", left->size());
  }
}

Result<> end_pinned(const std::string& pins) {
  const auto done = TRY(uninstall(pins));
  if (!done.found) {
    log::info("nothing is pinned in {}", pins);
    return {};
  }
  log::info("removed what was pinned in {}: nothing is enforced any more", pins);
  if (!done.confined)
    log::warn("tasks that were confined go on unconfined");
  else if (*done.confined != 0)
    log::warn("{} confined tasks go on unconfined", *done.confined);
  return {};
}

}  // namespace aspis
