// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/agent_setup.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>

#include "agent/chain/log_file.h"
#include "agent/cli/config_checks.h"
#include "agent/cli/log_state.h"
#include "agent/cli/own_files.h"
#include "agent/output/audit_target.h"
#include "agent/output/file_target.h"
#include "agent/output/message.h"
#include "agent/output/message_target.h"
#include "agent/webhook/webhook.h"

namespace aspis {
namespace {

constexpr const char* kSyslogSocket = "/dev/log";  // syslog(3)
constexpr const char* kJournalSocket = "/run/systemd/journal/socket";
constexpr const char* kModesFile = "modes.json";

Result<std::optional<gid_t>> group(const std::string& name) {
  if (name.empty()) return std::optional<gid_t>();
  return std::optional<gid_t>(TRY(find_group(name)));
}

Result<std::unique_ptr<WriteTarget>> open_log(const OutputConfig& config,
                                              const std::string& state) {
  LogOptions options;
  options.path = config.path;
  options.rotate_bytes = std::uint64_t{config.rotate_size} << 20;
  options.rotate_seconds = std::uint64_t{config.rotate_hours} * 3600;
  options.keep = config.keep;
  options.compress = config.compress;
  options.state = state.empty() ? "" : log_state_file(state, config.path);
  options.key = config.seal_key;
  options.context = format_context(-1);
  return TRY(LogFile::open(std::move(options)));
}

Result<LineOutputOptions> output(const OutputConfig& config, const std::string& state) {
  LineOutputOptions options;
  options.format = config.format;
  options.filter = {config.events, config.verdicts, config.python_only, config.denials_only};
  if (config.type == "log") {
    options.name = config.path;
    options.target = TRY(open_log(config, state));
  } else if (config.type == "syslog" || config.type == "journal") {
    const bool journal = config.type == "journal";
    options.name = !config.to.empty() ? config.to : journal ? kJournalSocket : kSyslogSocket;
    options.target =
        TRY(send_to(journal ? MessageKind::kJournal : MessageKind::kSyslog, options.name));
    const MessageOptions message{config.format, format_context(-1)};
    options.formatter = journal ? make_journal_formatter(message) : make_syslog_formatter(message);
  } else if (config.type == "audit") {
    options.name = "audit";
    options.target = TRY(send_to_audit());
    options.formatter = make_audit_formatter(format_context(-1));
  } else if (config.type == "file") {
    options.name = config.path;
    options.target = TRY(append_to_file(config.path));
  } else {
    options.name = "standard output";
    options.fd = TRY(open_output("-", STDOUT_FILENO));
  }
  return options;
}

Result<std::unique_ptr<Output>> webhook(const OutputConfig& config) {
  WebhookOptions options;
  options.body = TRY(config.body.empty() ? WebhookTemplate::read(kSlackTemplate, "default")
                                         : WebhookTemplate::read_file(config.body));
  options.poster = TRY(HttpPoster::create(TRY(read_url(config.to)), config.headers, config.ca));
  options.context = format_context(-1);
  const bool denials = config.denials_only || (config.events.empty() && config.verdicts.empty());
  options.filter = {config.events, config.verdicts, config.python_only, denials};
  options.rate = config.rate;
  options.group = std::chrono::seconds(config.group);
  return std::unique_ptr<Output>(std::make_unique<Webhook>(std::move(options)));
}

Result<AgentSetup> from_config(const std::string& file, bool check) {
  const AgentConfig config = TRY(read_config(file, config_checks()));
  AgentSetup setup;
  setup.policy = {.paths = config.profiles,
                  .language = {},
                  .hook_config = config.hook_config,
                  .complain = config.complain,
                  .force = config.remove_used,
                  .empty = true,
                  .modes = config.state.empty() ? "" : config.state + "/" + kModesFile};
  setup.policy.language.include_directories = config.include;
  setup.policy.language.base = config.base;
  setup.policy.language.strict = config.strict;
  setup.selection.exes = config.executables;
  setup.selection.cgroups = config.cgroups;
  setup.selection.python = config.observe == "python";
  setup.selection.all = config.observe == "all";
  ObserverOptions& observer = setup.session.observer;
  if (config.hooks != "best") observer.backend = backend_from_name(config.hooks);
  observer.ring_bytes = std::size_t{config.buffer_size} << 20;
  observer.arena_bytes = std::size_t{config.policy_memory} << 20;
  observer.stacks = stacks_from_name(config.stacks);
  observer.holding = config.hold;
  observer.guard = true;
  observer.guarded = own_files(config, file);
  observer.pins = config.pins;
  observer.attached_quiet = !config.all_events;
  if (!config.socket_path.empty())
    setup.server = {config.socket_path, TRY(group(config.socket_group)),
                    TRY(group(config.socket_admin_group)), std::size_t{config.socket_queue} << 20};
  setup.session.redact = TRY(Redactor::create(config.redact));
  setup.watch = true;
  setup.metrics = config.metrics;
  std::vector<OutputConfig> outputs = config.outputs;
  if (outputs.empty()) {
    outputs.emplace_back().type = "stdout";
    outputs.back().format = "compact";
  }
  if (check) return setup;
  for (const auto& one : outputs)
    if (one.type == "webhook")
      setup.session.other_outputs.push_back(TRY(webhook(one)));
    else
      setup.session.outputs.push_back(TRY(output(one, config.state)));
  return setup;
}

Result<AgentSetup> from_arguments(const AgentArguments& arguments) {
  AgentSetup setup;
  setup.session = TRY(session_options(arguments.watch, STDOUT_FILENO));
  setup.session.outputs.front().filter.denials_only = !arguments.all_events;
  setup.session.observer.attached_quiet = !arguments.all_events;
  setup.session.observer.arena_bytes = std::size_t{arguments.memory_mib} << 20;
  if (!arguments.no_pin) setup.session.observer.pins = arguments.pins;
  setup.policy = {.paths = arguments.profiles,
                  .language = arguments.policy,
                  .hook_config = arguments.hook_config,
                  .complain = arguments.complain,
                  .force = arguments.force,
                  .empty = false,
                  .modes = ""};
  if (!arguments.socket.empty()) setup.server.emplace().path = arguments.socket;
  return setup;
}

}  // namespace

Result<std::string> pins_of(const AgentArguments& arguments) {
  if (arguments.pins != kPinDirectory) return arguments.pins;
  const bool named = !arguments.config.empty();
  if (!named && !std::filesystem::exists(kConfigFile)) return arguments.pins;
  const auto config = TRY(read_config(named ? arguments.config : kConfigFile));
  return config.pins.empty() ? arguments.pins : config.pins;
}

Result<AgentSetup> agent_setup(const AgentArguments& arguments) {
  const bool named = !arguments.config.empty();
  if (!named && arguments.profiles.empty() && !std::filesystem::exists(kConfigFile))
    return fail(std::string(kConfigFile) +
                " is not there: write it (docs/configuration.md), or name another by --config, or "
                "a policy by --profiles");
  auto setup = arguments.profiles.empty()
                   ? from_config(named ? arguments.config : kConfigFile, arguments.check)
                   : from_arguments(arguments);
  if (!setup) return setup;
  setup->session.observer.attaching = true;
  setup->session.observer.version = ASPIS_VERSION;
  prepare(setup->session.observer, setup->selection);
  return setup;
}

void add_agent_arguments(CLI::App& app, AgentArguments& arguments) {
  CLI::Option* config =
      app.add_option(
             "--config", arguments.config,
             std::string("What to do (docs/configuration.md); default, without --profiles: ") +
                 kConfigFile)
          ->type_name("FILE");
  CLI::Option* check =
      app.add_flag("--check", arguments.check,
                   "Say what is wrong with configuration and policy, and start nothing");
  CLI::Option* pins = app.add_option("--pins", arguments.pins,
                                     "Pin in this directory, which is in a bpf file system")
                          ->excludes(config)
                          ->capture_default_str()
                          ->type_name("DIR");
  CLI::Option* uninstall =
      app.add_flag("--uninstall", arguments.uninstall,
                   "End what an agent has left pinned, also of the configuration: nothing is "
                   "enforced any more")
          ->excludes(check);
  CLI::App* options = app.add_option_group("Without a configuration");
  CLI::Option* profiles = options
                              ->add_option("--profiles", arguments.profiles,
                                           "Policy file, or directory of them; may be repeated")
                              ->allow_extra_args(false)
                              ->excludes(config)
                              ->excludes(uninstall)
                              ->type_name("PATH");
  options->add_flag("--no-pin", arguments.no_pin, "Pin nothing: enforcement ends with the agent")
      ->excludes(pins);
  options->add_flag("--complain", arguments.complain,
                    "Allow what profiles do not, and report it: all of them");
  options->add_flag("--all-events", arguments.all_events,
                    "Show all that confined processes do, not only what profiles report");
  options->add_flag("--force", arguments.force,
                    "When the policy is read again, remove profiles that tasks run under, too: "
                    "those tasks are unconfined then");
  options
      ->add_option("--policy-memory", arguments.memory_mib,
                   "MiB for the policy in the kernel, half of them for the next one")
      ->check(CLI::IsMember({1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024}))
      ->capture_default_str();
  add_socket_option(*options, arguments.socket);
  add_policy_options(*options, arguments.policy);
  add_strict_option(*options, arguments.policy.strict);
  add_hook_config_option(*options, arguments.hook_config);
  add_watch_options(*options, arguments.watch);
  for (CLI::Option* option : options->get_options())
    if (option != profiles) option->needs(profiles);
}

}  // namespace aspis
