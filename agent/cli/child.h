// SPDX-License-Identifier: Apache-2.0
// The command that `aspis run` starts: forked first, held until it is tracked, then executed.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace aspis {

class Child {
 public:
  /// Forks a child that waits. Call before threads exist. `command` is not empty.
  static Result<Child> fork(const std::vector<std::string>& command);
  Child(Child&&) = default;
  Child& operator=(Child&&) = delete;
  /// Ends a child that was never released.
  ~Child();

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] const Fd& pidfd() const { return pidfd_; }

  /// Lets it execute the command. Fails with execve's errno; the child has ended then.
  Result<> release();

  /// Takes its wait status if it has ended (waitpid(2), WNOHANG).
  bool ended(int& status);

 private:
  Child(pid_t pid, Fd pidfd, Fd go, Fd failed)
      : pid_(pid), pidfd_(std::move(pidfd)), go_(std::move(go)), failed_(std::move(failed)) {}

  pid_t pid_ = -1;
  Fd pidfd_;
  Fd go_;      ///< closing after a byte lets the child go; closing without ends it
  Fd failed_;  ///< carries errno when the command cannot be executed
  bool reaped_ = false;
};

/// Where execvp(3) would find the command; fails when nowhere.
Result<std::string> find_command(const std::string& name);

}  // namespace aspis
