// SPDX-License-Identifier: Apache-2.0
// One of each operation on files.
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "tests/triggers/expectation.h"

namespace trigger {
namespace {

/// open(2) by the 32-bit table of system calls, as a program does that wants to pass a filter by.
/// Its pointer must fit into 32 bits.
void open_by_compat_call(const std::string& path) {
#ifdef __x86_64__
  constexpr int kOpen = 5;  // arch/x86/entry/syscalls/syscall_32.tbl
  void* low =
      ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  must(low == MAP_FAILED ? -1 : 0, "mmap");
  std::strcpy(static_cast<char*>(low), path.c_str());
  long result = kOpen;
  asm volatile("int $0x80" : "+a"(result) : "b"(low), "c"(O_RDONLY), "d"(0) : "memory");
  if (result >= 0) return;
#endif
  ::_exit(1);
}

void compat_call(const std::string& path) {
  std::fflush(stdout);
  const pid_t child = must(::fork(), "fork");
  if (child == 0) {
    open_by_compat_call(path);
    ::_exit(0);
  }
  int status = 0;
  must(::waitpid(child, &status, 0), "waitpid");
  if (status != 0)
    skip("files.compat", "the kernel takes no 32-bit system calls");
  else
    expect("files.compat", {{"type", "file.open"}, {"file.path", path}, {"compat", "true"}});
}

}  // namespace

void files(const std::string& directory) {
  const char* group = "files";
  const std::string a = directory + "/a", link = directory + "/link",
                    renamed = directory + "/renamed";
  const std::string made = directory + "/made", symbolic = directory + "/symbolic",
                    fifo = directory + "/fifo";

  const int fd = must(::open(a.c_str(), O_RDWR | O_CREAT, 0640), "create");
  expect(group, {{"type", "file.create"}, {"file.path", a}});
  expect(group, {{"type", "file.open"},
                 {"file.path", path_of(fd)},
                 {"file.flags", "O_RDWR|O_CREAT"},
                 {"file.mode", "0640"}});
  must(::mkdir(made.c_str(), 0750), "mkdir");
  expect(group, {{"type", "file.mkdir"}, {"file.path", made}, {"file.mode", "0750"}});
  must(::rmdir(made.c_str()), "rmdir");
  expect(group, {{"type", "file.rmdir"}, {"file.path", made}});
  must(::symlink("some/where", symbolic.c_str()), "symlink");
  expect(group, {{"type", "file.symlink"}, {"file.path", symbolic}, {"file.other", "some/where"}});
  must(::link(a.c_str(), link.c_str()), "link");
  expect(group, {{"type", "file.link"}, {"file.path", a}, {"file.other", link}});
  must(::rename(link.c_str(), renamed.c_str()), "rename");
  expect(group, {{"type", "file.rename"}, {"file.path", link}, {"file.other", renamed}});
  must(::chmod(a.c_str(), 0600), "chmod");
  expect(group, {{"type", "file.chmod"}, {"file.path", a}, {"file.mode", "0600"}});
  must(::fchmod(fd, 0644), "fchmod");
  expect(group, {{"type", "file.chmod"}, {"file.path", path_of(fd)}, {"file.mode", "0644"}});
  must(::chown(a.c_str(), 1, 2), "chown");
  expect(group, {{"type", "file.chown"}, {"file.path", a}, {"file.uid", "1"}, {"file.gid", "2"}});
  must(::truncate(a.c_str(), 8192), "truncate");
  expect(group, {{"type", "file.truncate"}, {"file.path", a}});
  must(::ftruncate(fd, 4096), "ftruncate");
  expect(group, {{"type", "file.truncate"}, {"file.path", path_of(fd)}});
  must(::mkfifo(fifo.c_str(), 0600), "mkfifo");
  expect(group, {{"type", "file.create"}, {"file.path", fifo}});
  void* text = ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
  must(text == MAP_FAILED ? -1 : 0, "mmap");
  expect(group, {{"type", "file.mmap_exec"},
                 {"file.path", path_of(fd)},
                 {"file.prot", "PROT_READ|PROT_EXEC"}});
  const int other = must(::open(renamed.c_str(), O_RDONLY), "open");
  void* data = ::mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE, other, 0);
  must(data == MAP_FAILED ? -1 : 0, "mmap");
  must(::mprotect(data, 4096, PROT_READ | PROT_EXEC), "mprotect");
  expect(group, {{"type", "file.mmap_exec"}, {"file.path", path_of(other)}});
  compat_call(a);
  must(::unlink(renamed.c_str()), "unlink");
  expect(group, {{"type", "file.unlink"}, {"file.path", renamed}});
}

}  // namespace trigger
