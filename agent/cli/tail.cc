// SPDX-License-Identifier: Apache-2.0
// aspis tail: a live view of chosen processes, those that run already and those to come.
#include <linux/magic.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "agent/cli/commands.h"
#include "agent/cli/exit_code.h"
#include "agent/cli/loop.h"
#include "agent/cli/options.h"
#include "agent/kernel/capability.h"
#include "agent/kernel/pidfd.h"

namespace aspis {
namespace {

constexpr int kPidMax = 4 * 1024 * 1024;  // include/linux/threads.h: PID_MAX_LIMIT

struct TailOptions {
  WatchOptions watch;
  std::vector<pid_t> pids;
  std::vector<std::string> exes;
  std::vector<std::string> cgroups;
  bool python = false;
  bool all = false;
};

int failed(const Error& error) {
  spdlog::error("{}", error.text());
  return kExitFailed;
}

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

/// Tells the kernel side what to track. Returns a pidfd of each --pid.
Result<std::vector<Fd>> select(Session& session, const TailOptions& options) {
  Observer& observer = session.observer();
  std::vector<Fd> processes;
  for (const pid_t pid : options.pids) {
    processes.push_back(TRY(open_pidfd(pid)));
    TRYV(observer.track_process(processes.back().get(), false));
  }
  for (const auto& exe : options.exes) {
    const struct stat file = TRY(identity(exe));
    if (!S_ISREG(file.st_mode)) return fail(exe + ": not a regular file");
    TRYV(observer.track_executable(file.st_dev, file.st_ino));
  }
  for (const auto& cgroup : options.cgroups) TRYV(observer.track_cgroup(TRY(cgroup_id(cgroup))));
  if (options.python)
    for (const auto& [device, inode] : session.interpreters().files())
      TRYV(observer.track_executable(device, inode));
  TRYV(observer.find_tasks());
  return processes;
}

/// A pidfd is readable when its process has ended (pidfd_open(2)).
bool all_ended(const std::vector<Fd>& processes) {
  for (const Fd& process : processes) {
    pollfd wait{process.get(), POLLIN, 0};
    if (::poll(&wait, 1, 0) != 1) return false;
  }
  return !processes.empty();
}

int tail(TailOptions options) {
  if (const auto allowed = require_capabilities(); !allowed) return failed(allowed.error());
  const bool chosen =
      !options.pids.empty() || !options.exes.empty() || !options.cgroups.empty() || options.all;
  if (!chosen) options.python = true;
  auto settings = session_options(options.watch, STDOUT_FILENO);
  if (!settings) return failed(settings.error());
  settings->observer.all = options.all;
  settings->observer.selectors =
      options.python || !options.exes.empty() || !options.cgroups.empty();
  auto signals = Signals::take({SIGINT, SIGTERM, SIGHUP});
  if (!signals) return failed(signals.error());
  auto session = Session::start(std::move(*settings));
  if (!session) return failed(session.error());
  const auto processes = select(**session, options);
  if (!processes) return failed(processes.error());
  const bool only_pids =
      !options.python && !options.all && options.exes.empty() && options.cgroups.empty();
  const auto watched = watch_until(
      **session, *signals, [](const signalfd_siginfo&) { return false; },
      [&] { return !(*session)->output_failed() && !(only_pids && all_ended(*processes)); });
  if (!watched) return failed(watched.error());
  if (const auto finished = (*session)->finish(); !finished) return failed(finished.error());
  return kExitOk;
}

}  // namespace

void add_tail(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<TailOptions>();
  CLI::App* command = app.add_subcommand(
      "tail",
      "Show what chosen processes, and all that they start, do (default: every Python process)");
  command->add_option("-p,--pid", options->pids, "Follow this process; ends with the last of them")
      ->check(CLI::Range(1, kPidMax))
      ->type_name("PID");
  command->add_option("--exe", options->exes, "Follow every process that runs this file")
      ->type_name("FILE");
  command
      ->add_option("--cgroup", options->cgroups,
                   "Follow every process in this cgroup directory or below")
      ->type_name("DIR");
  command->add_flag("--python", options->python, "Follow every Python process");
  command->add_flag("--all", options->all, "Follow every process of the machine");
  add_watch_options(*command, options->watch);
  command->callback([options, &exit_code] { exit_code = tail(*options); });
}

}  // namespace aspis
