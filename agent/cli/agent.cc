// SPDX-License-Identifier: Apache-2.0
// aspis agent: the policy of the whole machine, in force until it ends. SIGHUP reads it again.
#include <signal.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <map>
#include <memory>

#include "agent/cli/commands.h"
#include "agent/cli/exit_code.h"
#include "agent/cli/loop.h"
#include "agent/cli/options.h"
#include "agent/cli/policy_files.h"
#include "agent/cli/unconfined.h"
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

/// A removed profile would leave its tasks unconfined: refused, unless that was asked for.
Result<> check_removals(Observer& observer, const policy::CompiledPolicy& policy, bool force) {
  const auto gone = observer.policy().missing_from(policy);
  if (gone.empty()) return {};
  std::map<std::uint16_t, std::size_t> tasks;
  for (const auto& task : TRY(observer.confined_tasks()))
    for (const std::uint16_t id : task.profiles) ++tasks[id];
  std::string held;
  for (const auto& name : gone) {
    const auto found = tasks.find(observer.policy().id_of(name));
    if (found == tasks.end()) continue;
    held += "\n  " + name + ": " + std::to_string(found->second) +
            (found->second == 1 ? " task" : " tasks");
  }
  if (held.empty()) return {};
  if (!force)
    return fail("profiles that tasks run under would be removed (--force leaves those unconfined)" +
                held);
  spdlog::warn("tasks are unconfined from now on, because their profile is removed{}", held);
  return {};
}

Result<> reload(Session& session, const AgentOptions& options) {
  const auto policy = TRY(read_policy(options));
  TRYV(check_removals(session.observer(), policy, options.force));
  TRYV(put_in_force(session.observer(), policy, {options.policy.strict, options.hook_config}));
  spdlog::info("policy replaced: {} profiles in force", policy.profiles.size());
  return warn_unconfined(session.observer(), policy);
}

int agent(const AgentOptions& options) {
  if (const auto allowed = require_capabilities(); !allowed) return failed(allowed.error());
  auto policy = read_policy(options);
  if (!policy) return failed(policy.error());
  auto settings = session_options(options.watch, STDOUT_FILENO);
  if (!settings) return failed(settings.error());
  settings->policy = *policy;
  settings->in_force = {options.policy.strict, options.hook_config};
  settings->filter.denials_only = !options.all_events;
  settings->observer.attaching = true;
  settings->observer.attached_quiet = !options.all_events;
  settings->observer.arena_bytes = std::size_t{options.memory_mib} << 20;
  auto signals = Signals::take({SIGINT, SIGTERM, SIGHUP});
  if (!signals) return failed(signals.error());
  auto session = Session::start(std::move(*settings));
  if (!session) return failed(session.error());
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
  if (const auto left = (*session)->observer().confined_tasks(); left && !left->empty())
    spdlog::warn("{} confined tasks go on unconfined", left->size());
  if (const auto finished = (*session)->finish(); !finished) return failed(finished.error());
  return kExitOk;
}

}  // namespace

void add_agent(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<AgentOptions>();
  CLI::App* command = app.add_subcommand(
      "agent",
      "Put profiles in force on the whole machine, until it is ended: they attach to what is "
      "executed from then on. SIGHUP reads them again");
  command
      ->add_option("--profiles", options->profiles,
                   "Policy file, or directory of them; may be repeated")
      ->required()
      ->allow_extra_args(false)
      ->type_name("PATH");
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
  command->callback([options, &exit_code] { exit_code = agent(*options); });
}

}  // namespace aspis
