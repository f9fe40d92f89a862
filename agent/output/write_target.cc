// SPDX-License-Identifier: Apache-2.0
#include "agent/output/write_target.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <climits>
#include <string>

namespace aspis {
namespace {

constexpr std::size_t kLargeWrite = std::size_t{1} << 20;

/// An open file description of our own for what `fd` refers to; invalid if it can't be had.
Fd reopen(int fd) {
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  return Fd(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY | O_APPEND));
}

}  // namespace

Result<WriteTarget> WriteTarget::create(Fd fd) {
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) return fail_errno("output: fstat");
  if (S_ISREG(status.st_mode)) return WriteTarget(std::move(fd), Kind::kFile);
  if (S_ISSOCK(status.st_mode)) return WriteTarget(std::move(fd), Kind::kSocket);
  if (Fd own = reopen(fd.get()); own.valid()) {
    return WriteTarget(std::move(own), Kind::kNonBlocking);
  }
  return WriteTarget(std::move(fd), Kind::kPolled);
}

WriteTarget::Outcome WriteTarget::write_some(std::string_view bytes,
                                             std::chrono::milliseconds patience) {
  if (kind_ != Kind::kFile) {
    pollfd ready{fd_.get(), POLLOUT, 0};
    const int count = ::poll(&ready, 1, static_cast<int>(patience.count()));
    if (count < 0) return {0, errno == EINTR ? EAGAIN : errno};
    if (count == 0) return {0, EAGAIN};
  }
  // A ready pipe has room for PIPE_BUF bytes, so that a write of that size doesn't block.
  const std::size_t size = std::min(bytes.size(), kind_ == Kind::kPolled ? PIPE_BUF : kLargeWrite);
  const ssize_t n = kind_ == Kind::kSocket
                        ? ::send(fd_.get(), bytes.data(), size, MSG_DONTWAIT | MSG_NOSIGNAL)
                        : ::write(fd_.get(), bytes.data(), size);
  if (n >= 0) return {static_cast<std::size_t>(n), 0};
  return {0, errno == EINTR ? EAGAIN : errno};
}

}  // namespace aspis
