// SPDX-License-Identifier: Apache-2.0
#include "agent/watch/event_loop.h"

#include <sys/epoll.h>

#include <array>
#include <cerrno>

namespace aspis {

Result<EventLoop> EventLoop::create() {
  Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.valid()) return fail_errno("epoll_create1");
  return EventLoop(std::move(epoll));
}

Result<EventLoop::Token> EventLoop::watch(int fd, std::uint32_t events, Ready ready) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = next_;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) return fail_errno("epoll_ctl");
  watched_.emplace(next_, std::make_shared<Watched>(Watched{fd, std::move(ready)}));
  return next_++;
}

Result<> EventLoop::change(Token token, std::uint32_t events) {
  const auto found = watched_.find(token);
  if (found == watched_.end()) return fail("not watched");
  epoll_event event{};
  event.events = events;
  event.data.u64 = token;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, found->second->fd, &event) != 0)
    return fail_errno("epoll_ctl");
  return {};
}

void EventLoop::forget(Token token) {
  const auto found = watched_.find(token);
  if (found == watched_.end()) return;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, found->second->fd, nullptr);
  watched_.erase(found);
}

Result<> EventLoop::wait(std::chrono::milliseconds patience) {
  std::array<epoll_event, 64> events;
  const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                                 static_cast<int>(patience.count()));
  if (count < 0 && errno != EINTR) return fail_errno("epoll_wait");
  for (int i = 0; i < count; ++i) {
    const auto found = watched_.find(events[static_cast<std::size_t>(i)].data.u64);
    if (found == watched_.end()) continue;  // forgotten by one before it
    const auto kept = found->second;        // it may forget itself
    kept->ready(events[static_cast<std::size_t>(i)].events);
  }
  return {};
}

}  // namespace aspis
