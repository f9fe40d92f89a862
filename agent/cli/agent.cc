// SPDX-License-Identifier: Apache-2.0
// aspis agent: the policy of the whole machine. What enforces it is pinned, and goes on when this
// ends; the next agent goes on with it. SIGHUP reads the policy again.
#include <signal.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "agent/cli/commands.h"
#include "agent/cli/exit_code.h"
#include "agent/cli/loop.h"
#include "agent/cli/options.h"
#include "agent/cli/policy_files.h"
#include "agent/cli/unconfined.h"
#include "agent/kernel/adopt.h"
#include "agent/kernel/capability.h"
#include "agent/watch/in_force.h"

namespace aspis {
namespace {

struct AgentOptions {
  WatchOptions watch;
  PolicyOptions policy;
  std::string hook_config;
  std::vector<std::string> profiles;
  unsigned memory_mib = 16;
  bool complain = false;
  bool all_events = false;
  bool force = false;
  bool no_pin = false, uninstall = false;
  std::string pins{kPinDirectory};
};

int failed(const Error& error) {
  spdlog::error("{}", error.text());
  return kExitFailed;
}

Result<policy::CompiledPolicy> read_policy(const AgentOptions& options) {
  auto compiled = TRY(load_policy(TRY(policy_files(options.profiles)), options.policy));
  if (options.complain) set_complain(compiled);
  return compiled;
}

Result<> reload(Session& session, const AgentOptions& options) {
  const auto policy = TRY(read_policy(options));
  TRYV(put_in_force(session.observer(), policy,
                    {options.policy.strict, options.force, options.hook_config}));
  spdlog::info("policy replaced: {} profiles in force", policy.profiles.size());
  return warn_unconfined(session.observer(), policy);
}

/// What is in force when no agent runs.
int uninstall(const AgentOptions& options) {
  const auto done = aspis::uninstall(options.pins);
  if (!done) return failed(done.error());
  if (!done->found) {
    spdlog::info("nothing is pinned in {}", options.pins);
    return kExitOk;
  }
  spdlog::info("removed what was pinned in {}: nothing is enforced any more", options.pins);
  if (!done->confined)
    spdlog::warn("tasks that were confined go on unconfined");
  else if (*done->confined != 0)
    spdlog::warn("{} confined tasks go on unconfined", *done->confined);
  return kExitOk;
}

void tell_adoption(const Observer::Adoption& adoption, const std::string& pins) {
  const double seconds = static_cast<double>(boot_time() - adoption.since) / 1e9;
  spdlog::info(
      "goes on with what is pinned in {}: no agent had looked for {:.1f} s, {} KiB of "
      "reports have waited",
      pins, seconds, (adoption.waiting + 1023) / 1024);
}

/// What becomes of the policy when the agent ends.
void tell_end(Observer& observer, const std::string& pins) {
  if (observer.pinned()) {
    spdlog::info(
        "the policy stays in force, pinned in {}; what it denies is kept for the next "
        "agent, as far as there is room. 'aspis agent --uninstall' ends it",
        pins);
  } else if (const auto left = observer.confined_tasks(); left && !left->empty()) {
    spdlog::warn("{} confined tasks go on unconfined", left->size());
  }
}

int agent(const AgentOptions& options) {
  if (const auto allowed = require_capabilities(); !allowed) return failed(allowed.error());
  if (options.uninstall) return uninstall(options);
  auto policy = read_policy(options);
  if (!policy) return failed(policy.error());
  auto settings = session_options(options.watch, STDOUT_FILENO);
  if (!settings) return failed(settings.error());
  settings->policy = *policy;
  settings->in_force = {options.policy.strict, options.force, options.hook_config};
  settings->filter.denials_only = !options.all_events;
  settings->observer.attaching = true;
  settings->observer.attached_quiet = !options.all_events;
  settings->observer.arena_bytes = std::size_t{options.memory_mib} << 20;
  settings->observer.version = ASPIS_VERSION;
  if (!options.no_pin) settings->observer.pins = options.pins;
  auto signals = Signals::take({SIGINT, SIGTERM, SIGHUP});
  if (!signals) return failed(signals.error());
  auto session = Session::start(std::move(*settings));
  if (!session) return failed(session.error());
  if (const auto& adoption = (*session)->observer().adoption())
    tell_adoption(*adoption, options.pins);
  spdlog::info("{} profiles in force", policy->profiles.size());
  if (const auto listed = warn_unconfined((*session)->observer(), *policy); !listed)
    return failed(listed.error());
  const auto watched = watch_until(
      **session, *signals,
      [&](const signalfd_siginfo& signal) {
        if (signal.ssi_signo != SIGHUP) return false;
        if (const auto reloaded = reload(**session, options); !reloaded)
          spdlog::error("{}; the policy in force stays", reloaded.error().text());
        return true;
      },
      [] { return true; });
  if (!watched) return failed(watched.error());
  tell_end((*session)->observer(), options.pins);
  if (const auto finished = (*session)->finish(); !finished) return failed(finished.error());
  return kExitOk;
}

}  // namespace

void add_agent(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<AgentOptions>();
  CLI::App* command = app.add_subcommand(
      "agent",
      "Put profiles in force on the whole machine: they attach to what is executed from then on, "
      "and stay in force, pinned, when the agent ends, until --uninstall. SIGHUP reads them again");
  auto* profiles = command
                       ->add_option("--profiles", options->profiles,
                                    "Policy file, or directory of them; may be repeated")
                       ->allow_extra_args(false)
                       ->type_name("PATH");
  auto* uninstall =
      command
          ->add_flag("--uninstall", options->uninstall,
                     "End what an agent has left pinned: nothing is enforced any more")
          ->excludes(profiles);
  command->add_flag("--no-pin", options->no_pin, "Pin nothing: enforcement ends with the agent")
      ->excludes(uninstall);
  command
      ->add_option("--pins", options->pins, "Pin in this directory, which is in a bpf file system")
      ->capture_default_str()
      ->type_name("DIR");
  command->add_flag("--complain", options->complain,
                    "Allow what profiles do not, and report it: all of them");
  command->add_flag("--all-events", options->all_events,
                    "Show all that confined processes do, not only what profiles report");
  command->add_flag("--force", options->force,
                    "When the policy is read again, remove profiles that tasks run under, too: "
                    "those tasks are unconfined then");
  command
      ->add_option("--policy-memory", options->memory_mib,
                   "MiB for the policy in the kernel, half of them for the next one")
      ->check(CLI::IsMember({1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024}))
      ->capture_default_str();
  add_policy_options(*command, options->policy);
  add_strict_option(*command, options->policy.strict);
  add_hook_config_option(*command, options->hook_config);
  add_watch_options(*command, options->watch);
  command->callback([options, &exit_code] {
    if (options->profiles.empty() && !options->uninstall)
      throw CLI::RequiredError("--profiles (or --uninstall)");
    exit_code = agent(*options);
  });
}

}  // namespace aspis
