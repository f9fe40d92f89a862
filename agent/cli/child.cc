// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <sstream>

#include "agent/kernel/pidfd.h"

namespace aspis {
namespace {

/// What the child does: between fork and exec, only what is safe there.
[[noreturn]] void wait_and_execute(int go, int failed, char* const* arguments) {
  char byte = 0;
  ssize_t got = 0;
  while ((got = ::read(go, &byte, 1)) < 0 && errno == EINTR) {
  }
  if (got == 1) {
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::signal(SIGPIPE, SIG_DFL);
    ::execvp(arguments[0], arguments);
    const int error = errno;
    [[maybe_unused]] const ssize_t told = ::write(failed, &error, sizeof(error));
  }
  ::_exit(127);
}

}  // namespace

Result<std::string> find_command(const std::string& name) {
  if (name.find('/') != std::string::npos) {
    if (::access(name.c_str(), F_OK) != 0) return fail_errno(name);
    return name;
  }
  const char* path = std::getenv("PATH");
  std::istringstream directories(path == nullptr ? "/usr/local/bin:/usr/bin:/bin" : path);
  for (std::string directory; std::getline(directories, directory, ':');) {
    std::string candidate = (directory.empty() ? "." : directory) + "/" + name;
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return fail(name + ": command not found");
}

Result<Child> Child::fork(const std::vector<std::string>& command) {
  std::array<int, 2> go{}, failed{};
  if (::pipe2(go.data(), O_CLOEXEC) != 0) return fail_errno("pipe");
  Fd go_read(go[0]), go_write(go[1]);
  if (::pipe2(failed.data(), O_CLOEXEC) != 0) return fail_errno("pipe");
  Fd failed_read(failed[0]), failed_write(failed[1]);

  std::vector<char*> arguments;
  for (const auto& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);

  const pid_t pid = ::fork();
  if (pid < 0) return fail_errno("fork");
  if (pid == 0) {
    go_write.reset();  // or the child would hold its own gate open
    wait_and_execute(go_read.get(), failed_write.get(), arguments.data());
  }
  auto pidfd = open_pidfd(pid);
  if (!pidfd) {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return tl::unexpected(pidfd.error());
  }
  return Child(pid, std::move(*pidfd), std::move(go_write), std::move(failed_read));
}

Child::~Child() {
  if (!go_.valid() || reaped_) return;
  go_.reset();  // read() returns 0: the child leaves
  ::waitpid(pid_, nullptr, 0);
}

Result<> Child::release() {
  const char byte = 1;
  if (::write(go_.get(), &byte, 1) != 1) return fail_errno("cannot start the command");
  go_.reset();
  int error = 0;
  ssize_t got = 0;
  while ((got = ::read(failed_.get(), &error, sizeof(error))) < 0 && errno == EINTR) {
  }
  failed_.reset();
  if (got != sizeof(error)) return {};  // closed by a successful execve
  ::waitpid(pid_, nullptr, 0);
  reaped_ = true;
  return fail_errno("cannot execute the command", error);
}

bool Child::ended(int& status) {
  if (reaped_) return true;
  if (::waitpid(pid_, &status, WNOHANG) != pid_) return false;
  reaped_ = true;
  return true;
}

}  // namespace aspis
