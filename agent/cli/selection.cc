// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/selection.h"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "agent/kernel/pidfd.h"

namespace aspis {
namespace {

Result<struct stat> identity(const std::string& path) {
  struct stat file{};
  if (::stat(path.c_str(), &file) != 0) return fail_errno(path);
  return file;
}

/// The id of a cgroup is the inode number of its directory (version 2 only).
Result<std::uint64_t> cgroup_id(const std::string& directory) {
  struct statfs system{};
  if (::statfs(directory.c_str(), &system) != 0) return fail_errno(directory);
  const struct stat file = TRY(identity(directory));
  if (system.f_type != CGROUP2_SUPER_MAGIC || !S_ISDIR(file.st_mode))
    return fail(directory + ": not a directory of a cgroup2 file system (/sys/fs/cgroup/…)");
  return file.st_ino;
}

}  // namespace

void prepare(ObserverOptions& options, const Selection& selection) {
  options.all = selection.all;
  options.selectors = selection.by_exec();
}

Result<std::vector<Fd>> select(Session& session, const Selection& selection) {
  Observer& observer = session.observer();
  std::vector<Fd> processes;
  for (const pid_t pid : selection.pids) {
    processes.push_back(TRY(open_pidfd(pid)));
    TRYV(observer.track_process(processes.back().get(), false));
  }
  for (const auto& exe : selection.exes) {
    const struct stat file = TRY(identity(exe));
    if (!S_ISREG(file.st_mode)) return fail(exe + ": not a regular file");
    TRYV(observer.track_executable(file.st_dev, file.st_ino));
  }
  for (const auto& cgroup : selection.cgroups) TRYV(observer.track_cgroup(TRY(cgroup_id(cgroup))));
  if (selection.python)
    for (const auto& [device, inode] : session.interpreters().files())
      TRYV(observer.track_executable(device, inode));
  TRYV(observer.find_tasks());
  return processes;
}

}  // namespace aspis
