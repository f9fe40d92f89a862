// SPDX-License-Identifier: Apache-2.0
// aspis agent: what is observed and enforced on the whole machine. What enforces is pinned, and
// goes on when this ends; the next agent goes on with it. What it is told comes from a
// configuration, or from options.
#include <malloc.h>
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>

#include "agent/cli/agent_notices.h"
#include "agent/cli/agent_pins.h"
#include "agent/cli/agent_policy.h"
#include "agent/cli/agent_requests.h"
#include "agent/cli/agent_setup.h"
#include "agent/cli/commands.h"
#include "agent/cli/exit_code.h"
#include "agent/cli/loop.h"
#include "agent/cli/memory.h"
#include "agent/cli/policy_watch.h"
#include "agent/cli/privileges.h"
#include "agent/cli/sd_notify.h"
#include "agent/kernel/capability.h"
#include "agent/metrics/http_listener.h"
#include "agent/metrics/metrics.h"
#include "base/log.h"

namespace aspis {
namespace {

int failed(const Error& error) {
  log::error("{}", error.text());
  return kExitFailed;
}

std::string in_force(const AgentPolicy& policy) {
  return std::to_string(policy.profiles().size()) + " profiles in force";
}

/// The agent that runs: what serves it, in the order in which it goes.
class Agent {
 public:
  static Result<> run(AgentSetup setup);

 private:
  Result<> start(AgentSetup setup);
  Result<> serve();
  void reload();
  bool tick();
  [[nodiscard]] std::optional<HttpAnswer> page(const std::string& path) const;

  std::unique_ptr<AgentPolicy> policy_;
  std::string pins_;
  ServiceNotifier notifier_;
  std::unique_ptr<Signals> signals_;
  std::unique_ptr<EventLoop> loop_;
  Metrics metrics_;
  Activity activity_{find_formatter("compact")->make(format_context(-1))};
  std::unique_ptr<Server> server_;
  std::unique_ptr<HttpListener> http_;
  std::unique_ptr<Session> session_;
  std::vector<Fd> selected_;
  std::unique_ptr<PolicyWatch> watch_;
  std::unique_ptr<PinKeeper> keeper_;
};

Result<> Agent::start(AgentSetup setup) {
  policy_ = std::make_unique<AgentPolicy>(setup.policy);
  TRYV(policy_->open());
  const auto policy = TRY(policy_->read());
  setup.session.policy = policy;
  setup.session.in_force = policy_->in_force_options();
  // Before threads and before all that takes long: a second agent ends here.
  signals_ = std::make_unique<Signals>(TRY(Signals::take({SIGINT, SIGTERM, SIGHUP})));
  loop_ = std::make_unique<EventLoop>(TRY(EventLoop::create()));
  if (setup.server) server_ = TRY(Server::create(*loop_, *setup.server));
  if (!setup.metrics.empty())
    http_ = TRY(HttpListener::create(*loop_, setup.metrics,
                                     setup.server ? setup.server->readers : std::nullopt,
                                     [this](const std::string& path) { return page(path); }));
  pins_ = setup.session.observer.pins;
  session_ = TRY(Session::start(std::move(setup.session)));
  tell_adoption(session_->observer(), pins_);
  keeper_ = std::make_unique<PinKeeper>(pins_);
  TRYV(policy_->note(session_->observer(), policy));
  session_->add_output(metrics_);
  if (server_) {
    session_->add_output(*server_);
    session_->add_output(activity_);
    answer_requests(*server_, *session_, *policy_, activity_);
  }
  tell_start(*session_, *policy_);
  selected_ = TRY(select(*session_, setup.selection));
  if (setup.watch)
    watch_ = std::make_unique<PolicyWatch>(TRY(PolicyWatch::create(*loop_, setup.policy.paths)));
  return {};
}

/// Before the session is there, nobody is answered: the loop does not turn yet.
std::optional<HttpAnswer> Agent::page(const std::string& path) const {
  if (path == "/healthz" || path == "/readyz") return HttpAnswer{200, "text/plain", "ok\n"};
  if (path != "/metrics") return std::nullopt;
  MetricsContext context;
  for (const aspis_mode mode :
       {ASPIS_MODE_ENFORCE, ASPIS_MODE_COMPLAIN, ASPIS_MODE_KILL, ASPIS_MODE_UNCONFINED})
    context.profiles[std::string(mode_name(mode))] = 0;
  for (const auto& row : policy_->profiles()) ++context.profiles[std::string(mode_name(row.mode))];
  context.reloads = policy_->replacements().in_force;
  context.refusals = policy_->replacements().refused;
  context.refused = policy_->replacements().outdated;
  if (server_) {
    context.tails = server_->tails();
    context.tail_lost = server_->lost();
  }
  const Session& session = *session_;
  return HttpAnswer{200, "text/plain; version=0.0.4; charset=utf-8",
                    metrics_.page(session, context)};
}

void Agent::reload() {
  notifier_.reloading();
  const auto reloaded = policy_->reload(*session_);
  if (!reloaded) log::error("{}; the policy in force stays", reloaded.error().text());
  tell_policy(*session_, *policy_, {"reload", std::nullopt}, reloaded);
  notifier_.ready(in_force(*policy_));
}

bool Agent::tick() {
  const std::uint64_t now = boot_time();
  notifier_.tick(now);
  if (http_) http_->tick(now);
  if (keeper_) keeper_->tick(*session_, now);
  if (watch_ && watch_->changed(now)) reload();
  return true;
}

Result<> Agent::serve() {
  ::malloc_trim(0);  // what it took to read the kernel's types and the policy
  log::info("{}", in_force(*policy_));
  notifier_.ready(in_force(*policy_));
  TRYV(watch_until(
      *loop_, *session_, *signals_,
      [this](const signalfd_siginfo& signal) {
        if (signal.ssi_signo != SIGHUP) return false;
        reload();
        return true;
      },
      [this] { return tick(); }));
  notifier_.stopping();
  session_->tell({AgentNotice::What::kStopped});
  tell_end(session_->observer(), pins_);
  return session_->finish();
}

Result<> Agent::run(AgentSetup setup) {
  Agent agent;
  TRYV(agent.start(std::move(setup)));
  return agent.serve();
}

int agent(const AgentArguments& arguments) {
  if (arguments.uninstall) {
    if (const auto allowed = require_capabilities(); !allowed) return failed(allowed.error());
    const auto pins = pins_of(arguments);
    const auto ended = pins ? end_pinned(*pins) : Result<>(tl::unexpected(pins.error()));
    return ended ? kExitOk : failed(ended.error());
  }
  if (!arguments.check) {  // outputs begin with threads
    if (const auto allowed = require_capabilities(); !allowed) return failed(allowed.error());
    if (const auto dropped = drop_privileges(); !dropped) return failed(dropped.error());
  }
  auto setup = agent_setup(arguments);
  if (!setup) return failed(setup.error());
  if (arguments.check) {
    AgentPolicy policy(setup->policy);
    const auto read = policy.read();
    if (!read) return failed(read.error());
    log::info("nothing is wrong with it: {} profiles", read->profiles.size());
    return kExitOk;
  }
  // Queues may be long for a moment, and rotated logs are compressed.
  give_back_blocks_of(256 << 10);
  if (const auto ran = Agent::run(std::move(*setup)); !ran) return failed(ran.error());
  return kExitOk;
}

}  // namespace

void add_agent(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<AgentArguments>();
  CLI::App* command = app.add_subcommand(
      "agent",
      "Observe the whole machine and put profiles in force on it: they attach to what is executed "
      "from then on, and stay in force, pinned, when the agent ends, until --uninstall. SIGHUP "
      "reads the policy again");
  add_agent_arguments(*command, *arguments);
  command->callback([arguments, &exit_code] { exit_code = agent(*arguments); });
}

}  // namespace aspis
