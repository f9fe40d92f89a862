// SPDX-License-Identifier: Apache-2.0
// Processes: fork, exec with arguments and directory, threads that exec, both kinds of end.
#include <signal.h>
#include <sys/wait.h>

#include <thread>

#include "tests/triggers/expectation.h"

namespace trigger {
namespace {

template <class Body>
pid_t start(Body body) {
  std::fflush(stdout);
  const pid_t pid = must(::fork(), "fork");
  if (pid == 0) {
    body();
    ::_exit(0);
  }
  expect("processes.fork", {{"type", "process.fork"},
                            {"process.pid", std::to_string(::getpid())},
                            {"fork.pid", std::to_string(pid)}});
  must(::waitpid(pid, nullptr, 0), "waitpid");
  return pid;
}

}  // namespace

void processes(const std::string& directory) {
  const std::string self = std::to_string(::getpid());
  std::string pid = std::to_string(start([&] {
    must(::chdir(directory.c_str()), "chdir");
    ::execl("/bin/sh", "renamed", "-c", "exit 7", "third argument", nullptr);
  }));
  expect("processes.exec", {{"type", "process.exec"},
                            {"process.pid", pid},
                            {"process.parent.pid", self},
                            {"exec.cwd", directory},
                            {"process.uid", std::to_string(::getuid())},
                            {"process.argv", R"(["renamed","-c","exit 7","third argument"])"}});
  expect("processes.exit", {{"type", "process.exit"}, {"process.pid", pid}, {"exit.code", "7"}});

  pid = std::to_string(start([] { ::raise(SIGKILL); }));
  expect("processes.killed",
         {{"type", "process.exit"}, {"process.pid", pid}, {"exit.signal", "SIGKILL"}});

  // A thread that is not the leader takes the leader's pid over at exec; its events must go on.
  pid = std::to_string(start(
      [&] { std::thread([] { ::execl("/bin/cat", "cat", "/etc/hostname", nullptr); }).join(); }));
  expect("processes.thread_exec", {{"type", "process.exec"},
                                   {"process.pid", pid},
                                   {"process.argv", R"(["cat","/etc/hostname"])"}});
  expect("processes.thread_exec",
         {{"type", "file.open"}, {"process.pid", pid}, {"file.path", "/etc/hostname"}});

  const std::string big(3000, 'b');
  pid = std::to_string(
      start([&] { ::execl("/bin/true", "true", big.c_str(), big.c_str(), nullptr); }));
  expect("processes.argv_cut",
         {{"type", "process.exec"}, {"process.pid", pid}, {"process.argv_cut", "true"}});
}

}  // namespace trigger
