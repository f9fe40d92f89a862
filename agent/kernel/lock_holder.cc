// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/lock_holder.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cstdio>
#include <fstream>

namespace aspis {

/// "1: FLOCK  ADVISORY  WRITE 812 00:1d:9 0 EOF" (proc(5)): the pid, and the file's device and
/// inode; the pid is 0 or -1 if it is none of this pid namespace.
std::string lock_holder(int fd) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) return {};
  std::ifstream locks("/proc/locks");
  for (std::string line; std::getline(locks, line);) {
    int pid = 0;
    unsigned major_number = 0, minor_number = 0;
    unsigned long inode = 0;
    if (std::sscanf(line.c_str(), "%*d: FLOCK %*s %*s %d %x:%x:%lu", &pid, &major_number,
                    &minor_number, &inode) == 4 &&
        pid > 0 && inode == status.st_ino && major_number == major(status.st_dev) &&
        minor_number == minor(status.st_dev))
      return " (process " + std::to_string(pid) + ")";
  }
  return {};
}

}  // namespace aspis
