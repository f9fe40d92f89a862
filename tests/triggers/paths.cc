// SPDX-License-Identifier: Apache-2.0
// Opens of files whose paths are hard to tell. The truth is what /proc/self/fd says of the
// descriptor.
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "tests/triggers/expectation.h"

namespace trigger {
namespace {

int make_file(const std::string& path) {
  const int fd = must(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600), path.c_str());
  ::close(fd);
  return fd;
}

/// Opens `path` and expects what proc tells of it.
int open_and_expect(const char* group, const std::string& path) {
  const int fd = must(::open(path.c_str(), O_RDONLY | O_CLOEXEC), path.c_str());
  expect(group, {{"type", "file.open"}, {"file.path", path_of(fd)}});
  return fd;
}

/// Runs `body` in a child, so that what it does to its namespaces and root ends with it.
template <class Body>
void in_child(Body body) {
  std::fflush(stdout);
  const pid_t child = must(::fork(), "fork");
  if (child == 0) {
    body();
    std::fflush(stdout);
    ::_exit(0);
  }
  int status = 0;
  must(::waitpid(child, &status, 0), "waitpid");
  if (status != 0) std::exit(3);
}

void private_mounts() {
  must(::unshare(CLONE_NEWNS), "unshare");
  must(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "make / private");
}

void symbolic_link(const std::string& directory) {
  must(::symlink("plain", (directory + "/to_plain").c_str()), "symlink");
  open_and_expect("paths.symlink", directory + "/to_plain");
}

void mounts(const std::string& directory) {
  const std::string bound = directory + "/bound", below = directory + "/below",
                    tmpfs = directory + "/tmpfs";
  for (const auto& made : {bound, below, tmpfs}) must(::mkdir(made.c_str(), 0700), "mkdir");
  make_file(below + "/file");
  in_child([&] {
    private_mounts();
    must(::mount(below.c_str(), bound.c_str(), nullptr, MS_BIND, nullptr), "bind mount");
    open_and_expect("paths.bind_mount", bound + "/file");
    must(::mount("none", tmpfs.c_str(), "tmpfs", 0, nullptr), "mount tmpfs");
    make_file(tmpfs + "/inside");
    open_and_expect("paths.other_namespace", tmpfs + "/inside");
    open_and_expect("paths.mount_root", tmpfs);
    const int root = must(::open(tmpfs.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC), "open tmpfs");
    must(::umount2(tmpfs.c_str(), MNT_DETACH), "lazy umount");
    const int fd =
        must(::openat(root, "inside", O_RDONLY | O_CLOEXEC), "open below a detached mount");
    expect("paths.detached",
           {{"type", "file.open"}, {"file.path", path_of(fd)}, {"file.detached", "true"}});
  });
}

void overlay(const std::string& directory) {
  const std::string base = directory + "/overlay";
  for (const char* name : {"", "/fs", "/lower", "/merged"})
    must(::mkdir((base + name).c_str(), 0700), "mkdir");
  in_child([&] {
    private_mounts();
    must(::mount("none", (base + "/fs").c_str(), "tmpfs", 0, nullptr),
         "mount tmpfs");  // upper wants xattrs
    for (const char* name : {"/fs/upper", "/fs/work"})
      must(::mkdir((base + name).c_str(), 0700), "mkdir");
    make_file(base + "/lower/file");
    const std::string options =
        "lowerdir=" + base + "/lower,upperdir=" + base + "/fs/upper,workdir=" + base + "/fs/work";
    if (::mount("overlay", (base + "/merged").c_str(), "overlay", 0, options.c_str()) != 0) {
      skip("paths.overlay", std::string("mounting an overlay: ") + std::strerror(errno));
      return;
    }
    open_and_expect("paths.overlay", base + "/merged/file");
    const int fd = must(::open((base + "/merged/file").c_str(), O_RDWR | O_CLOEXEC), "copy up");
    expect("paths.overlay",
           {{"type", "file.open"}, {"file.path", path_of(fd)}, {"file.flags", "O_RDWR"}});
  });
}

void changed_root(const std::string& directory) {
  const std::string root = directory + "/root";
  must(::mkdir(root.c_str(), 0700), "mkdir");
  make_file(root + "/file");
  in_child([&] {
    must(::chroot(root.c_str()), "chroot");
    must(::chdir("/"), "chdir");
    must(::open("/file", O_RDONLY | O_CLOEXEC), "open in chroot");
    // proc is not there, and would show "/file"; paths start at the namespace's root
    expect("paths.chroot", {{"type", "file.open"}, {"file.path", root + "/file"}});
  });
}

/// A chain of directories below `directory`, made and entered step by step; returns the innermost.
int descend(const std::string& directory, const std::string& name, int count) {
  int at = must(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC), "open");
  for (int i = 0; i < count; ++i) {
    must(::mkdirat(at, name.c_str(), 0700), "mkdirat");
    const int next = must(::openat(at, name.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC), "openat");
    ::close(at);
    at = next;
  }
  return at;
}

void long_paths(const std::string& directory) {
  const int deep = descend(directory, "deep", 60);
  int fd = must(::openat(deep, "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600), "openat");
  expect("paths.deep", {{"type", "file.open"}, {"file.path", path_of(fd)}});

  // Exactly PATH_MAX - 1 bytes: components of 201 bytes with their slash, and a last one that fills
  // up.
  constexpr std::size_t kLongest = PATH_MAX - 1, kStep = 201;
  const std::size_t room = kLongest - directory.size();
  const std::size_t steps = (room - 2) / kStep;
  const int longest = descend(directory, std::string(kStep - 1, 'l'), static_cast<int>(steps));
  const std::string last(room - steps * kStep - 1, 'z');
  fd = must(::openat(longest, last.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600),
            "openat the longest path");
  expect("paths.longest", {{"type", "file.open"}, {"file.path", path_of(fd)}});

  const int beyond = descend(path_of(longest), std::string(200, 'm'), 0);
  int further = beyond;
  for (int i = 0; i < 3; ++i) {
    must(::mkdirat(further, std::string(200, 'm').c_str(), 0700), "mkdirat");
    further =
        must(::openat(further, std::string(200, 'm').c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC),
             "openat");
  }
  must(::openat(further, "beyond", O_WRONLY | O_CREAT | O_CLOEXEC, 0600), "openat beyond PATH_MAX");
  expect("paths.too_long", {{"type", "file.open"}, {"file.cut", "true"}});
}

void many_short_components(const std::string& directory) {
  const int at = descend(directory, "x", 1500);
  const int fd = must(::openat(at, "end", O_WRONLY | O_CREAT | O_CLOEXEC, 0600), "openat");
  expect("paths.many_components", {{"type", "file.open"}, {"file.path", path_of(fd)}});
}

void nameless(const std::string& directory) {
  const std::string gone = directory + "/gone";
  const int deleted = must(::open(gone.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600), "open");
  must(::unlink(gone.c_str()), "unlink");
  must(::open(("/proc/self/fd/" + std::to_string(deleted)).c_str(), O_RDONLY | O_CLOEXEC),
       "open a deleted file");
  expect("paths.deleted", {{"type", "file.open"}, {"file.path", gone}, {"file.deleted", "true"}});

  const int memory = must(::memfd_create("scratch", MFD_CLOEXEC), "memfd_create");
  must(::open(("/proc/self/fd/" + std::to_string(memory)).c_str(), O_RDONLY | O_CLOEXEC),
       "open a memfd");
  expect("paths.memfd", {{"type", "file.open"}, {"file.path", path_of(memory)}});

  int ends[2];
  must(::pipe2(ends, O_CLOEXEC), "pipe");
  must(::open(("/proc/self/fd/" + std::to_string(ends[0])).c_str(),
              O_RDONLY | O_CLOEXEC | O_NONBLOCK),
       "open a pipe");
  expect("paths.pipe", {{"type", "file.open"}, {"file.path", link_of(ends[0])}});

  const int anonymous = must(::eventfd(0, EFD_CLOEXEC), "eventfd");
  // Nothing opens it by a path, so two other operations. Mapping it fails, after the hook; changing
  // its mode does from 6.16 on.
  [[maybe_unused]] void* mapped =
      ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, anonymous, 0);
  expect("paths.anonymous", {{"type", "file.mmap_exec"}, {"file.path", link_of(anonymous)}});
  [[maybe_unused]] const int refused = ::fchmod(anonymous, 0600);
  expect("paths.anonymous_chmod", {{"type", "file.chmod"}, {"file.path", link_of(anonymous)}});

  const int unnamed = ::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (unnamed < 0)
    skip("paths.tmpfile", std::string("O_TMPFILE: ") + std::strerror(errno));
  else
    expect("paths.tmpfile", {{"type", "file.open"}, {"file.path", path_of(unnamed)}});
}

}  // namespace

void paths(const std::string& directory) {
  make_file(directory + "/plain");
  open_and_expect("paths.plain", directory + "/plain");
  open_and_expect("paths.root", "/");
  must(::chdir(directory.c_str()), "chdir");
  open_and_expect("paths.relative",
                  "../" + directory.substr(directory.rfind('/') + 1) + "/./plain");
  symbolic_link(directory);
  mounts(directory);
  overlay(directory);
  changed_root(directory);
  long_paths(directory);
  many_short_components(directory);
  nameless(directory);
}

}  // namespace trigger
