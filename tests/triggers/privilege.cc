// SPDX-License-Identifier: Apache-2.0
// Uses of privilege, each undone by the end of the child that it is done in or to.
#include <linux/bpf.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "tests/triggers/expectation.h"

namespace trigger {
namespace {

template <class Body>
pid_t child(Body body) {
  std::fflush(stdout);
  const pid_t pid = must(::fork(), "fork");
  if (pid == 0) {
    body();
    std::fflush(stdout);
    ::_exit(0);
  }
  return pid;
}

void reap(pid_t pid) {
  must(::waitpid(pid, nullptr, 0), "waitpid");
}

void other_process() {
  const pid_t target = child([] { ::pause(); });
  const std::string pid = std::to_string(target);
  must(::ptrace(PTRACE_ATTACH, target, nullptr, nullptr), "ptrace");
  must(::waitpid(target, nullptr, 0), "waitpid");
  expect("privilege.ptrace", {{"type", "privilege.ptrace"}, {"privilege.target.pid", pid}});
  must(::ptrace(PTRACE_DETACH, target, nullptr, nullptr), "ptrace");
  must(::kill(target, SIGTERM), "kill");
  expect(
      "privilege.kill",
      {{"type", "privilege.kill"}, {"privilege.target.pid", pid}, {"privilege.signal", "SIGTERM"}});
  reap(target);
}

void identity() {
  reap(child([] { must(::syscall(SYS_setresuid, -1, 1, -1), "setresuid"); }));
  expect("privilege.setuid", {{"type", "privilege.setuid"}, {"privilege.new.effective", "1"}});
}

void mounts(const std::string& directory) {
  const std::string place = directory + "/mounted";
  must(::mkdir(place.c_str(), 0700), "mkdir");
  reap(child([&] {
    must(::unshare(CLONE_NEWNS), "unshare");
    must(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "make / private");
    must(::mount("none", place.c_str(), "tmpfs", MS_NOSUID, nullptr), "mount");
    must(::umount(place.c_str()), "umount");
  }));
  expect("privilege.mount", {{"type", "privilege.mount"}, {"privilege.path", place}});
  expect("privilege.mount", {{"type", "privilege.umount"}, {"privilege.path", place}});
}

void kernel_interfaces() {
  reap(child([] { must(::unshare(CLONE_NEWUSER), "unshare"); }));
  expect("privilege.userns", {{"type", "privilege.userns"}});
  reap(child([] { must(::unshare(CLONE_NEWUTS), "unshare"); }));
  expect("privilege.capable",
         {{"type", "privilege.capable"}, {"privilege.capability", "CAP_SYS_ADMIN"}});
  bpf_attr attributes{};
  attributes.map_type = BPF_MAP_TYPE_ARRAY;
  attributes.key_size = attributes.value_size = 4;
  attributes.max_entries = 1;
  const long map = must(::syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof(attributes)), "bpf");
  ::close(static_cast<int>(map));
  expect("privilege.bpf", {{"type", "privilege.bpf"}, {"privilege.command", "BPF_MAP_CREATE"}});
}

/// A module that loads, by whatever call modprobe chooses, and a file that is none.
void modules(const std::string& directory) {
  if (std::getenv("ASPIS_VM_BACKEND") == nullptr) {
    skip("privilege.module", "loads a kernel module: in guests only");
    return;
  }
  if (std::system("modprobe dummy && modprobe -r dummy") != 0)
    skip("privilege.module", "modprobe dummy fails");
  else
    expect("privilege.module", {{"type", "privilege.module"}});
  const std::string path = directory + "/no_module";
  const int fd = must(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600), "open");
  must(::write(fd, "no module", 9), "write");
  ::close(fd);
  const int readable = must(::open(path.c_str(), O_RDONLY | O_CLOEXEC), "open");
  ::syscall(SYS_finit_module, readable, "", 0);
  expect("privilege.module_refused", {{"type", "privilege.module"}, {"privilege.path", path}});
}

}  // namespace

void privilege(const std::string& directory) {
  other_process();
  identity();
  mounts(directory);
  kernel_interfaces();
  modules(directory);
}

}  // namespace trigger
