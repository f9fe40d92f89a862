// SPDX-License-Identifier: Apache-2.0
// What the agent itself did, and who asked it to: told where events go, so that a log which nobody
// can quietly edit has it.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace aspis {

/// What aspis.agent carries.
struct AgentNotice {
  enum class What : std::uint8_t {
    kStarted,  ///< it loaded the kernel side
    kResumed,  ///< it goes on with what was pinned
    kPolicy,   ///< another policy is in force
    kRefused,  ///< it is not, and why
    kPinned,   ///< somebody had removed what is pinned; it is there again
    kClock,    ///< somebody has set the wall clock
    kStopped,  ///< it ends, by a signal
  };
  /// At the other end of the socket.
  struct Asker {
    pid_t pid = 0;
    uid_t uid = 0;
  };
  What what = What::kStarted;
  std::string version{};                  ///< started, resumed
  std::optional<std::size_t> profiles{};  ///< in force from here on; none: not said
  std::string request{};                  ///< policy, refused: "reload", "mode kill NAME", …
  std::optional<Asker> asker{};           ///< none: a signal, or files that have changed
  std::string error{};                    ///< refused
  std::string path{};                     ///< pinned: where
  /// Resumed: how long there was no agent. Clock: how far it was set forward; negative: back.
  std::optional<double> seconds{};
};

constexpr std::string_view agent_notice_name(AgentNotice::What what) {
  switch (what) {
    case AgentNotice::What::kStarted:
      return "started";
    case AgentNotice::What::kResumed:
      return "resumed";
    case AgentNotice::What::kPolicy:
      return "policy";
    case AgentNotice::What::kRefused:
      return "refused";
    case AgentNotice::What::kPinned:
      return "pinned";
    case AgentNotice::What::kClock:
      return "clock";
    case AgentNotice::What::kStopped:
      return "stopped";
  }
  return "";
}

}  // namespace aspis
