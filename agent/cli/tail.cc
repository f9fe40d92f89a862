// SPDX-License-Identifier: Apache-2.0
// aspis tail: a live view of chosen processes, those that run already and those to come.
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>

#include "agent/cli/commands.h"
#include "agent/cli/exit_code.h"
#include "agent/cli/loop.h"
#include "agent/cli/options.h"
#include "agent/cli/selection.h"
#include "agent/cli/tail_agent.h"
#include "agent/control/client.h"
#include "agent/history/history.h"
#include "agent/kernel/capability.h"
#include "base/log.h"

namespace aspis {
namespace {

constexpr int kPidMax = 4 * 1024 * 1024;  // include/linux/threads.h: PID_MAX_LIMIT

struct TailOptions {
  WatchOptions watch;
  Selection selection;
  std::string socket;  ///< empty: that of the agent, if one runs
  std::string since;   ///< empty: from now on
  std::string log;     ///< that --since reads; empty: the configuration's
};

int failed(const Error& error) {
  log::error("{}", error.text());
  return kExitFailed;
}

/// A pidfd is readable when its process has ended (pidfd_open(2)).
bool all_ended(const std::vector<Fd>& processes) {
  for (const Fd& process : processes) {
    pollfd wait{process.get(), POLLIN, 0};
    if (::poll(&wait, 1, 0) != 1) return false;
  }
  return !processes.empty();
}

Result<std::optional<Past>> past_of(const TailOptions& options) {
  if (options.since.empty()) return std::optional<Past>();
  if (options.watch.format != "json" && options.watch.format != "compact")
    return fail("--since reads a log of JSON: -o compact or -o json");
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  Past past;
  past.since =
      TRY(parse_since(options.since, std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec));
  past.log = options.log.empty() ? TRY(configured_log()) : options.log;
  return std::optional(past);
}

/// The tail of a running agent, where nothing was said that it would not know. Nothing: there is no
/// agent.
std::optional<int> tail_of_agent(const TailOptions& options) {
  const bool named = !options.socket.empty();
  const auto past = past_of(options);
  if (!past) return failed(past.error());
  const auto followed = follow_agent(options.watch, named ? options.socket : kControlSocket, *past);
  if (followed) return kExitOk;
  const int code = followed.error().code;
  if (*past && (code == ENOENT || code == ECONNREFUSED)) {
    log::info("no agent runs: this is what its log says");
    return kExitOk;
  }
  if (!named && (code == ENOENT || code == ECONNREFUSED)) return std::nullopt;
  return failed(followed.error());
}

int tail(TailOptions options) {
  Selection& selection = options.selection;
  const bool chosen = !selection.pids.empty() || selection.by_exec() || selection.all;
  if (!chosen && !options.watch.observing)
    if (const auto code = tail_of_agent(options)) return *code;
  if (!options.socket.empty() || !options.since.empty())
    return failed({"--socket, --since: the agent has chosen already what it observes, and how", 0});
  if (const auto allowed = require_capabilities(); !allowed) return failed(allowed.error());
  if (!chosen) selection.python = true;
  auto settings = session_options(options.watch, STDOUT_FILENO);
  if (!settings) return failed(settings.error());
  prepare(settings->observer, selection);
  auto signals = Signals::take({SIGINT, SIGTERM, SIGHUP});
  if (!signals) return failed(signals.error());
  auto session = Session::start(std::move(*settings));
  if (!session) return failed(session.error());
  const auto processes = select(**session, selection);
  if (!processes) return failed(processes.error());
  const bool only_pids = !selection.by_exec() && !selection.all;
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
      "Show what chosen processes, and all that they start, do; without a choice, what the agent "
      "observes, if one runs, else every Python process");
  command
      ->add_option("--socket", options->socket,
                   std::string("The agent's socket (default: ") + kControlSocket +
                       ", if an agent listens there)")
      ->type_name("PATH");
  command
      ->add_option("-p,--pid", options->selection.pids,
                   "Follow this process; ends with the last of them")
      ->check(CLI::Range(1, kPidMax))
      ->type_name("PID");
  command->add_option("--exe", options->selection.exes, "Follow every process that runs this file")
      ->type_name("FILE");
  command
      ->add_option("--cgroup", options->selection.cgroups,
                   "Follow every process in this cgroup directory or below")
      ->type_name("DIR");
  command->add_flag("--python", options->selection.python, "Follow every Python process");
  command->add_flag("--all", options->selection.all, "Follow every process of the machine");
  add_watch_options(*command, options->watch);
  CLI::Option* since =
      command
          ->add_option("--since", options->since,
                       "First show what the agent's log says of the time from then on: 10m, 2h, 7d "
                       "before now, or 2026-01-02T03:04:05, with a Z behind it for UTC")
          ->type_name("TIME");
  command
      ->add_option("--log", options->log,
                   "The log that --since reads; default: the configuration's first of JSON")
      ->needs(since)
      ->type_name("FILE");
  command->callback([options, &exit_code] { exit_code = tail(*options); });
}

}  // namespace aspis
