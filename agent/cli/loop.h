// SPDX-License-Identifier: Apache-2.0
// Waiting for events and signals, together.
#pragma once

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <functional>
#include <initializer_list>

#include "agent/watch/session.h"
#include "base/fd.h"
#include "base/result.h"

namespace aspis {

/// Signals that arrive as data instead of interrupting. Create before threads exist, so that they
/// inherit the mask.
class Signals {
 public:
  static Result<Signals> take(std::initializer_list<int> numbers) {
    sigset_t set;
    sigemptyset(&set);
    for (const int number : numbers) sigaddset(&set, number);
    if (::sigprocmask(SIG_BLOCK, &set, nullptr) != 0) return fail_errno("sigprocmask");
    Fd fd(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
    if (!fd.valid()) return fail_errno("signalfd");
    return Signals(std::move(fd));
  }
  [[nodiscard]] int fd() const { return fd_.get(); }
  bool next(signalfd_siginfo& signal) {
    return ::read(fd_.get(), &signal, sizeof(signal)) == sizeof(signal);
  }

 private:
  explicit Signals(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

/// Pumps events until `on_signal` returns false for a signal, or `on_tick`, called about ten times
/// a second, returns false.
inline Result<> watch_until(Session& session, Signals& signals,
                            const std::function<bool(const signalfd_siginfo&)>& on_signal,
                            const std::function<bool()>& on_tick) {
  constexpr int kTickMs = 100, kSettleMs = 5;
  std::array<pollfd, 2> wait{pollfd{session.observer().ring_fd(), POLLIN, 0},
                             pollfd{signals.fd(), POLLIN, 0}};
  std::uint64_t next_tick = 0;
  for (;;) {
    const int patience = session.settling() ? kSettleMs : kTickMs;
    if (::poll(wait.data(), wait.size(), patience) < 0 && errno != EINTR) return fail_errno("poll");
    TRYV(session.pump());
    for (signalfd_siginfo signal{}; signals.next(signal);)
      if (!on_signal(signal)) return {};
    if (const std::uint64_t now = boot_time(); now >= next_tick) {
      next_tick = now + kTickMs * 1'000'000ULL;
      session.tick();
      if (!on_tick()) return {};
    }
  }
}

}  // namespace aspis
