// SPDX-License-Identifier: Apache-2.0
#include "agent/control/local_socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>

namespace aspis {
namespace {

constexpr int kBacklog = 128;

Result<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path))
    return fail("'" + path + "': the path of a socket has 1 to 107 bytes (unix(7))");
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

Result<Fd> make_socket(int flags) {
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
  if (!fd.valid()) return fail_errno("socket");
  return fd;
}

/// Makes room for a new socket at `path`.
Result<> clear(const std::string& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) return errno == ENOENT ? Result<>() : fail_errno(path);
  if (!S_ISSOCK(status.st_mode)) return fail(path + " is there, and is not a socket");
  if (connect_local(path)) return fail(path + ": somebody listens there: is an agent running?");
  if (::unlink(path.c_str()) != 0) return fail_errno(path);
  return {};
}

}  // namespace

Result<Fd> connect_local(const std::string& path) {
  const sockaddr_un address = TRY(address_of(path));
  Fd fd = TRY(make_socket(0));
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0)
    return fail_errno(path);
  return fd;
}

Result<LocalListener> LocalListener::open(const std::string& path, mode_t mode,
                                          std::optional<gid_t> group) {
  const sockaddr_un address = TRY(address_of(path));
  std::error_code error;
  const auto directory = std::filesystem::path(path).parent_path();
  if (!directory.empty() && !std::filesystem::exists(directory, error))
    if (::mkdir(directory.c_str(), 0755) != 0 && errno != EEXIST)
      return fail_errno(directory.string());
  TRYV(clear(path));
  Fd fd = TRY(make_socket(SOCK_NONBLOCK));
  const mode_t before = ::umask(0177);  // until it has its group, nobody else is let in
  const int bound = ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  const int code = errno;
  ::umask(before);
  if (bound != 0) return fail_errno(path, code);
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) return fail_errno(path);
  LocalListener listener(std::move(fd), path, status.st_ino);
  if (group && ::chown(path.c_str(), static_cast<uid_t>(-1), *group) != 0) return fail_errno(path);
  if (::chmod(path.c_str(), mode) != 0 || ::listen(listener.fd(), kBacklog) != 0)
    return fail_errno(path);
  return listener;
}

bool LocalListener::is_named() const {
  struct stat status{};
  return fd_.valid() && ::lstat(path_.c_str(), &status) == 0 && status.st_ino == inode_;
}

LocalListener::~LocalListener() {
  if (is_named()) ::unlink(path_.c_str());
}

}  // namespace aspis
