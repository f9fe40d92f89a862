// SPDX-License-Identifier: Apache-2.0
// Waiting for events and signals, together.
#pragma once

#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <initializer_list>

#include "agent/watch/event_loop.h"
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
/// a second, returns false. Whatever else `loop` watches is served meanwhile.
inline Result<> watch_until(EventLoop& loop, Session& session, Signals& signals,
                            const std::function<bool(const signalfd_siginfo&)>& on_signal,
                            const std::function<bool()>& on_tick) {
  constexpr std::chrono::milliseconds kTick{100}, kSettle{5};
  const auto wakes = [](std::uint32_t) {};  // both are asked after each wait in any case
  TRY(loop.watch(session.observer().ring_fd(), EPOLLIN, wakes));
  TRY(loop.watch(signals.fd(), EPOLLIN, wakes));
  std::uint64_t next_tick = 0;
  for (;;) {
    TRYV(loop.wait(session.settling() ? kSettle : kTick));
    TRYV(session.pump());
    for (signalfd_siginfo signal{}; signals.next(signal);)
      if (!on_signal(signal)) return {};
    if (const std::uint64_t now = boot_time(); now >= next_tick) {
      next_tick = now + std::chrono::nanoseconds(kTick).count();
      session.tick();
      if (!on_tick()) return {};
    }
  }
}

/// The same where nothing else is to be served.
inline Result<> watch_until(Session& session, Signals& signals,
                            const std::function<bool(const signalfd_siginfo&)>& on_signal,
                            const std::function<bool()>& on_tick) {
  EventLoop loop = TRY(EventLoop::create());
  return watch_until(loop, session, signals, on_signal, on_tick);
}

}  // namespace aspis
