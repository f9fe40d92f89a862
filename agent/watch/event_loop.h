// SPDX-License-Identifier: Apache-2.0
// The one place where a program waits: for descriptors, by epoll(7).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>

#include "base/fd.h"
#include "base/result.h"

namespace aspis {

class EventLoop {
 public:
  /// `events`: EPOLLIN, EPOLLOUT, EPOLLHUP, … as epoll_ctl(2) has them.
  using Ready = std::function<void(std::uint32_t events)>;
  /// Names a descriptor that is watched; never used again.
  using Token = std::uint64_t;

  static Result<EventLoop> create();

  /// Calls `ready` from wait() whenever one of `events` is there. The descriptor stays its owner's,
  /// who calls forget() before closing it.
  Result<Token> watch(int fd, std::uint32_t events, Ready ready);
  /// Other events from now on.
  Result<> change(Token token, std::uint32_t events);
  /// Not called any more, not even for what this round of wait() has found. May be called by any
  /// `ready`, also by the one at hand.
  void forget(Token token);

  /// Waits until something is ready, at most `patience`, and calls for all that is.
  Result<> wait(std::chrono::milliseconds patience);

 private:
  struct Watched {
    int fd;
    Ready ready;
  };
  explicit EventLoop(Fd epoll) : epoll_(std::move(epoll)) {}

  Fd epoll_;
  Token next_ = 1;
  std::unordered_map<Token, std::shared_ptr<Watched>> watched_;
};

}  // namespace aspis
