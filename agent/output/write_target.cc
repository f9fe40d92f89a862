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

class DescriptorTarget : public WriteTarget {
 public:
  enum class Kind { kFile, kNonBlocking, kSocket, kPolled };
  DescriptorTarget(Fd fd, Kind kind) : fd_(std::move(fd)), kind_(kind) {}
  Outcome write_some(std::string_view bytes, std::chrono::milliseconds patience) override;

 private:
  Fd fd_;
  Kind kind_;
};

WriteTarget::Outcome DescriptorTarget::write_some(std::string_view bytes,
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

}  // namespace

Result<std::unique_ptr<WriteTarget>> write_to(Fd fd) {
  using Kind = DescriptorTarget::Kind;
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) return fail_errno("output: fstat");
  Kind kind = Kind::kPolled;
  if (S_ISREG(status.st_mode)) {
    kind = Kind::kFile;
  } else if (S_ISSOCK(status.st_mode)) {
    kind = Kind::kSocket;
  } else if (Fd own = reopen(fd.get()); own.valid()) {
    fd = std::move(own);
    kind = Kind::kNonBlocking;
  }
  return std::make_unique<DescriptorTarget>(std::move(fd), kind);
}

}  // namespace aspis
