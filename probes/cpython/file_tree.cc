// SPDX-License-Identifier: Apache-2.0
#include "probes/cpython/file_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <memory>

namespace aspis::cpython {

FileTree::FileTree(const std::string& root)
    : root_(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) {}

// O_NONBLOCK: the other end of a FIFO is not waited for. openat2(2) takes no such flags with
// O_PATH.
Fd FileTree::open(const std::string& path, int flags) const {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  if ((flags & O_PATH) == 0) how.flags |= O_NONBLOCK | O_NOCTTY;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  return Fd(static_cast<int>(::syscall(SYS_openat2, root_.get(), path.c_str(), &how, sizeof(how))));
}

std::optional<std::string> FileTree::read(const std::string& path, std::size_t limit) const {
  const Fd fd = open(path, O_RDONLY);
  struct stat status{};
  if (!fd.valid() || ::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode))
    return std::nullopt;
  std::string text(std::min(limit, static_cast<std::size_t>(status.st_size)), '\0');
  std::size_t have = 0;
  while (have < text.size()) {
    const ssize_t got = ::read(fd.get(), text.data() + have, text.size() - have);
    if (got <= 0) break;
    have += static_cast<std::size_t>(got);
  }
  text.resize(have);
  return text;
}

unsigned FileTree::type_of(const std::string& path) const {
  const Fd fd = open(path, O_PATH);
  struct stat status{};
  return fd.valid() && ::fstat(fd.get(), &status) == 0 ? status.st_mode & S_IFMT : 0;
}

bool FileTree::is_file(const std::string& path) const {
  return type_of(path) == S_IFREG;
}

bool FileTree::is_directory(const std::string& path) const {
  return type_of(path) == S_IFDIR;
}

std::vector<std::string> FileTree::list(const std::string& path,
                                        bool (*wanted)(std::string_view name),
                                        std::size_t limit) const {
  std::vector<std::string> names;
  const Fd fd = open(path, O_RDONLY | O_DIRECTORY);
  const int copy = fd.valid() ? ::fcntl(fd.get(), F_DUPFD_CLOEXEC, 3) : -1;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(copy < 0 ? nullptr : ::fdopendir(copy),
                                                      ::closedir);
  if (!directory) {
    if (copy >= 0) ::close(copy);
    return names;
  }
  while (const dirent* entry = ::readdir(directory.get())) {
    if (names.size() >= limit) break;
    if (wanted(entry->d_name)) names.emplace_back(entry->d_name);
  }
  return names;
}

}  // namespace aspis::cpython
