// SPDX-License-Identifier: Apache-2.0
// rights DIRECTORY OPERATION…: does what profiles other than file rules are about, and prints a
// line "OPERATION RESULT" each: 0 or the name of errno. Mounts stay: whoever runs it takes them
// away.
#include <fcntl.h>
#include <linux/io_uring.h>
#include <mqueue.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

std::string directory;

/// In a child: what it changes goes with it. The result is its errno.
template <class Body>
long in_child(Body body) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(body() < 0 ? errno : 0);
  int status = 0;
  ::waitpid(pid, &status, 0);
  if (!WIFEXITED(status)) return -1;
  errno = WEXITSTATUS(status);
  return errno == 0 ? 0 : -1;
}

/// On a child that waits.
template <class Body>
long on_child(Body body) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::pause();
    ::_exit(0);
  }
  const long result = body(pid);
  const int error = errno;
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  errno = error;
  return result;
}

long attach(pid_t pid) {
  const long result = ::ptrace(PTRACE_ATTACH, pid, nullptr, nullptr);
  const int error = errno;
  if (result == 0) ::waitpid(pid, nullptr, 0);
  errno = error;
  return result;
}

long set_files(rlim_t limit) {
  const rlimit value{limit, limit};
  return ::setrlimit(RLIMIT_NOFILE, &value);
}

long sqpoll() {
  io_uring_params params{};
  params.flags = IORING_SETUP_SQPOLL;
  return ::syscall(SYS_io_uring_setup, 4, &params);
}

long queue(const char* name, int flags) {
  const mqd_t queue = ::mq_open(name, flags, 0600, nullptr);
  if (queue < 0) return -1;
  return ::mq_close(queue);
}

long mount_at(const char* source, const char* name, const char* type, unsigned long flags) {
  return ::mount(source, (directory + "/" + name).c_str(), type, flags, nullptr);
}

struct Operation {
  const char* name;
  long (*run)();
};

const Operation kOperations[] = {
    {"capability", [] { return in_child([] { return ::unshare(CLONE_NEWUTS); }); }},
    {"nice", [] { return in_child([] { return ::setpriority(PRIO_PROCESS, 0, -5); }); }},
    {"term", [] { return on_child([](pid_t pid) { return ::kill(pid, SIGTERM); }); }},
    {"usr1", [] { return on_child([](pid_t pid) { return ::kill(pid, SIGUSR1); }); }},
    {"exists", [] { return on_child([](pid_t pid) { return ::kill(pid, 0); }); }},
    {"own", [] { return static_cast<long>(::kill(::getpid(), 0)); }},
    {"parent", [] { return static_cast<long>(::kill(::getppid(), SIGURG)); }},
    {"init", [] { return static_cast<long>(::kill(1, SIGURG)); }},
    {"attach", [] { return on_child(attach); }},
    {"traceme",
     [] { return in_child([] { return ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr); }); }},
    {"userns", [] { return in_child([] { return ::unshare(CLONE_NEWUSER); }); }},
    {"limit_lower", [] { return set_files(30); }},
    {"limit_raise", [] { return set_files(4096); }},
    {"limit_is_40",
     [] {
       rlimit now{};
       ::getrlimit(RLIMIT_NOFILE, &now);
       errno = ERANGE;
       return now.rlim_max == 40 ? 0L : -1L;
     }},
    {"sqpoll", sqpoll},
    {"mq_create", [] { return queue("/aspis-own", O_CREAT | O_RDWR); }},
    {"mq_create_other", [] { return queue("/aspis-other", O_CREAT | O_RDONLY); }},
    {"mq_read", [] { return queue("/aspis-read", O_CREAT | O_RDONLY); }},
    {"mq_unlink", [] { return static_cast<long>(::mq_unlink("/aspis-own")); }},
    {"mq_unlink_read", [] { return static_cast<long>(::mq_unlink("/aspis-read")); }},
    {"mq_write", [] { return queue("/aspis-read", O_WRONLY); }},
    {"tmpfs", [] { return mount_at("none", "a", "tmpfs", MS_NOSUID); }},
    {"tmpfs_dev", [] { return mount_at("none", "a", "tmpfs", 0); }},
    {"remount", [] { return mount_at(nullptr, "a", nullptr, MS_REMOUNT | MS_RDONLY | MS_NOSUID); }},
    {"bind", [] { return mount_at((directory + "/a").c_str(), "b", nullptr, MS_BIND); }},
    {"bind_dots", [] { return mount_at((directory + "/b/../a").c_str(), "b", nullptr, MS_BIND); }},
    {"bind_etc", [] { return mount_at("/etc", "b", nullptr, MS_BIND); }},
    {"move", [] { return mount_at((directory + "/b").c_str(), "c", nullptr, MS_MOVE); }},
    {"private", [] { return mount_at(nullptr, "a", nullptr, MS_PRIVATE); }},
    {"shared", [] { return mount_at(nullptr, "a", nullptr, MS_SHARED); }},
    {"umount", [] { return static_cast<long>(::umount((directory + "/a").c_str())); }},
    {"umount_b", [] { return static_cast<long>(::umount((directory + "/b").c_str())); }},
    {"pivot",
     [] {
       const std::string root = directory + "/a", old = root + "/old";
       ::mkdir(old.c_str(), 0700);
       return in_child([&] { return ::syscall(SYS_pivot_root, root.c_str(), old.c_str()); });
     }},
};

bool run(const char* name) {
  for (const Operation& operation : kOperations) {
    if (std::strcmp(operation.name, name) != 0) continue;
    errno = 0;
    const long result = operation.run();
    std::printf("%s %s\n", name, result < 0 ? strerrorname_np(errno) : "0");
    std::fflush(stdout);
    return true;
  }
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  directory = argv[1];
  for (const char* name : {"a", "b", "c"}) ::mkdir((directory + "/" + name).c_str(), 0700);
  for (int i = 2; i < argc; ++i) {
    if (!run(argv[i])) {
      std::fprintf(stderr, "rights: no operation '%s'\n", argv[i]);
      return 2;
    }
  }
  return 0;
}
