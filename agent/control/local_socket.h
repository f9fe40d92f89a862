// SPDX-License-Identifier: Apache-2.0
// Unix sockets with a path: opening one to listen, and connecting to one.
#pragma once

#include <optional>
#include <string>

#include <sys/types.h>

#include "base/fd.h"
#include "base/result.h"

namespace aspis {

/// A listening socket, and its name, which goes with it.
class LocalListener {
 public:
  /// Makes the socket with this mode, and this group if there is one; its directory, too, if that
  /// is missing (0755). A socket that nobody listens at any more is replaced. Fails if somebody
  /// does, or if something else has the name.
  static Result<LocalListener> open(const std::string& path, mode_t mode,
                                    std::optional<gid_t> group);
  LocalListener(LocalListener&& other) noexcept = default;
  LocalListener& operator=(LocalListener&& other) noexcept = delete;
  ~LocalListener();

  [[nodiscard]] int fd() const { return fd_.get(); }
  /// False: somebody has removed it, or something else has the name.
  [[nodiscard]] bool is_named() const;

 private:
  LocalListener(Fd fd, std::string path, ino_t inode)
      : fd_(std::move(fd)), path_(std::move(path)), inode_(inode) {}

  Fd fd_;
  std::string path_;
  ino_t inode_;  ///< of the name: another's is not removed
};

/// A connected stream socket. The error's code is what connect(2) says.
Result<Fd> connect_local(const std::string& path);

}  // namespace aspis
