// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/policy_watch.h"

#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

namespace aspis {
namespace {

constexpr std::uint64_t kQuiet = 500'000'000;  // ns
/// Symbolic links that are replaced are names that are moved (Kubernetes' ConfigMaps).
constexpr std::uint32_t kChanges = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE |
                                   IN_CREATE | IN_DELETE_SELF | IN_MOVE_SELF;

}  // namespace

Result<PolicyWatch> PolicyWatch::create(EventLoop& loop, const std::vector<std::string>& paths) {
  Fd inotify(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!inotify.valid()) return fail_errno("inotify_init1");
  for (const auto& path : paths) {
    std::error_code failure;
    const auto directory = std::filesystem::is_directory(path, failure)
                               ? std::filesystem::path(path)
                               : std::filesystem::absolute(path, failure).parent_path();
    if (::inotify_add_watch(inotify.get(), directory.c_str(), kChanges) < 0 && errno != ENOENT)
      return fail_errno("cannot watch " + directory.string());
  }
  // It only wakes the loop: what there is to know changed() reads.
  TRY(loop.watch(inotify.get(), EPOLLIN | EPOLLET, [](std::uint32_t) {}));
  return PolicyWatch(std::move(inotify));
}

bool PolicyWatch::drain() const {
  alignas(inotify_event) char events[4096];
  bool any = false;
  while (::read(inotify_.get(), events, sizeof(events)) > 0) any = true;
  return any;
}

bool PolicyWatch::changed(std::uint64_t now) {
  if (drain()) {
    last_ = now;
    return false;
  }
  if (last_ == 0 || now - last_ < kQuiet) return false;
  last_ = 0;
  return true;
}

}  // namespace aspis
