// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/syscall.h>
#include <unistd.h>

#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace aspis {

/// A descriptor for a process of this pid namespace (pidfd_open(2); the C library of Debian 12 has
/// no wrapper that C++ can include beside <sys/wait.h>).
inline Result<Fd> open_pidfd(pid_t pid) {
  Fd fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!fd.valid()) return fail_errno("process " + std::to_string(pid));
  return fd;
}

}  // namespace aspis
