// SPDX-License-Identifier: Apache-2.0
// aspis run -- CMD…: the command keeps its standard streams, its exit status and its signals are
// ours.
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "agent/cli/child.h"
#include "agent/cli/commands.h"
#include "agent/cli/exit_code.h"
#include "agent/cli/loop.h"
#include "agent/cli/options.h"
#include "agent/cli/policy_files.h"
#include "agent/kernel/capability.h"
#include "base/log.h"

namespace aspis {
namespace {

struct RunOptions {
  WatchOptions watch;
  PolicyOptions policy;
  std::string hook_config;
  std::string profile;  ///< FILE, or FILE:NAME
  bool complain = false;
  std::vector<std::string> command;
};

int failed(const Error& error, int code = kExitRunFailed) {
  log::error("{}", error.text());
  return code;
}

/// Ends as the command ended: by the same signal if it was one (without a second core dump).
int end_as(int status) {
  if (WIFSIGNALED(status)) {
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    const int signal = WTERMSIG(status);
    ::signal(signal, SIG_DFL);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    ::sigprocmask(SIG_UNBLOCK, &set, nullptr);
    ::raise(signal);
    return 128 + signal;
  }
  return WEXITSTATUS(status);
}

/// A signal from the terminal has gone to the command, too; any other was meant for it.
void pass_on(const signalfd_siginfo& signal, pid_t pid) {
  if (signal.ssi_code != SI_KERNEL) ::kill(pid, static_cast<int>(signal.ssi_signo));
}

Result<int> observe(Session& session, Signals& signals, Child& child) {
  int status = 0;
  TRYV(watch_until(
      session, signals,
      [&](const signalfd_siginfo& signal) {
        if (signal.ssi_signo != SIGCHLD) {
          pass_on(signal, child.pid());
          return true;
        }
        return !child.ended(status);
      },
      [] { return true; }));
  return status;
}

struct Chosen {
  policy::CompiledPolicy policy;
  std::string name;  ///< of the profile that the command starts under
};

/// The profile that --profile names, and all others of its file.
Result<Chosen> load_profile(const RunOptions& options) {
  const auto [file, name] = split_profile(options.profile);
  Chosen chosen;
  chosen.policy = TRY(load_policy({file}, options.policy));
  if (options.complain) set_complain(chosen.policy);
  const std::string program = TRY(find_command(options.command.front()));
  chosen.name = TRY(choose_profile(chosen.policy, file, name, program, options.command));
  return chosen;
}

/// Tracks the command and all that it will start, under `profile` if it is not empty.
Result<> begin_tree(Observer& observer, int pidfd, const std::string& profile, bool quiet) {
  if (profile.empty()) return observer.track_process(pidfd, true);
  return observer.confine_child(pidfd, observer.policy().id_of(profile), quiet);
}

int run(const RunOptions& options) {
  if (const auto allowed = require_capabilities(); !allowed) return failed(allowed.error());
  if (const auto found = find_command(options.command.front()); !found)
    return failed(found.error(), kExitNotFound);
  auto settings = session_options(options.watch, STDERR_FILENO);
  if (!settings) return failed(settings.error());
  std::string profile;
  if (!options.profile.empty()) {
    auto chosen = load_profile(options);
    if (!chosen) return failed(chosen.error());
    profile = std::move(chosen->name);
    settings->policy = std::move(chosen->policy);
    settings->in_force = {options.policy.strict, false, options.hook_config};
  }
  auto signals = Signals::take({SIGCHLD, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2});
  if (!signals) return failed(signals.error());
  auto child = Child::fork(options.command);
  if (!child) return failed(child.error());
  auto session = Session::start(std::move(*settings));
  if (!session) return failed(session.error());
  if (const auto command = find_command(options.command.front()))
    (*session)->interpreters().attach_command(*command);
  if (const auto tracked = begin_tree((*session)->observer(), child->pidfd().get(), profile,
                                      options.watch.filter.denials_only);
      !tracked)
    return failed(tracked.error());
  if (LimitSetter* limits = (*session)->limits(); limits != nullptr && !profile.empty())
    limits->apply(child->pid(), (*session)->observer().policy().id_of(profile));
  if (const auto walked = (*session)->observer().find_tasks(); !walked)
    return failed(walked.error());
  if (const auto started = child->release(); !started)
    return failed({options.command.front() + ": " + started.error().text(), 0},
                  started.error().code == ENOENT ? kExitNotFound : kExitCannotExecute);

  const auto status = observe(**session, *signals, *child);
  if (!status) return failed(status.error());
  const auto finished = (*session)->finish();
  if (const std::size_t left = (*session)->processes(); left > 0)
    log::warn("{} {} that the command started still {}: no longer observed", left,
              left == 1 ? "process" : "processes", left == 1 ? "runs" : "run");
  session->reset();  // nothing is observed any more when the status becomes visible
  if (!finished) {
    log::error("{}", finished.error().text());
    if (WIFEXITED(*status) && WEXITSTATUS(*status) == 0) return kExitRunFailed;
  }
  return end_as(*status);
}

}  // namespace

void add_run(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<RunOptions>();
  CLI::App* command =
      app.add_subcommand("run", "Run a command and show what it, and all that it starts, does");
  add_watch_options(*command, options->watch);
  add_policy_options(*command, options->policy);
  add_strict_option(*command, options->policy.strict);
  add_hook_config_option(*command, options->hook_config);
  command
      ->add_option("--profile", options->profile,
                   "Confine the command by the profile NAME of FILE; without NAME, by the only one "
                   "in it, or the one that attaches to the command")
      ->type_name("FILE[:NAME]");
  command->add_flag("--complain", options->complain,
                    "Allow what the profile does not, and report it");
  command->add_flag(
      "--denials", options->watch.filter.denials_only,
      "Show only what the profile denies, would deny or audits; nothing else that the "
      "kernel does is even collected");
  command->add_option("COMMAND", options->command, "The command and its arguments")
      ->required()
      ->type_name("");
  command->positionals_at_end();
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace aspis
