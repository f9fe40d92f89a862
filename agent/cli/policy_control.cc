// SPDX-License-Identifier: Apache-2.0
// aspis policy list, load, remove, mode, reload: asked of the agent that runs.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "agent/cli/exit_code.h"
#include "agent/cli/options.h"
#include "agent/cli/policy_commands.h"
#include "agent/control/client.h"
#include "base/log.h"

namespace aspis {
namespace {

using Json = nlohmann::json;

struct ControlOptions {
  std::string socket = kControlSocket;
  std::vector<std::string> paths;
  std::string profile, mode;
  bool json = false;
};

/// Asks, and hands the answer to `show`.
template <class Show>
int ask(const ControlOptions& options, const Json& request, const Show& show) {
  const auto answer = ask_agent(options.socket, request);
  if (!answer) {
    log::error("{}", answer.error().text());
    return kExitFailed;
  }
  show(*answer);
  return kExitOk;
}

void say_in_force(const Json& answer) {
  std::printf("%zu profiles in force\n", answer.value("profiles", std::size_t{0}));
}

int list(const ControlOptions& options) {
  return ask(options, {{"request", "policy.list"}}, [&](const Json& answer) {
    const Json& profiles = answer["profiles"];
    if (options.json) {
      std::puts(profiles.dump(2).c_str());
      return;
    }
    for (const auto& [name, row] : profiles.items())
      std::printf("%-10s %s%s\n", row.value("mode", "").c_str(), name.c_str(),
                  row.value("by_hand", false) ? "  (mode set by hand)" : "");
  });
}

int load(const ControlOptions& options) {
  for (const auto& path : options.paths) {
    std::error_code failure;
    const auto absolute = std::filesystem::absolute(path, failure);
    if (const int code = ask(options, {{"request", "policy.load"}, {"path", absolute.string()}},
                             [&](const Json& answer) { say_in_force(answer); });
        code != kExitOk)
      return code;
  }
  return kExitOk;
}

}  // namespace

void add_policy_control(CLI::App& policy, int& exit_code) {
  auto options = std::make_shared<ControlOptions>();
  const auto add = [&](const char* name, const char* what) {
    CLI::App* command = policy.add_subcommand(name, what);
    add_socket_option(*command, options->socket);
    return command;
  };
  const auto add_profile = [&](CLI::App* command) {
    command->add_option("PROFILE", options->profile, "Its full name")->required()->type_name("");
  };
  CLI::App* command = add("list", "The profiles that the running agent has in force");
  command->add_flag("--json", options->json, "As a JSON object");
  command->callback([options, &exit_code] { exit_code = list(*options); });

  command = add("load",
                "Put profiles of more files in force, until the agent ends; what its configuration "
                "names is read again, too");
  command->add_option("FILE", options->paths, "Policy file, or directory of them")
      ->required()
      ->type_name("");
  command->callback([options, &exit_code] { exit_code = load(*options); });

  command = add("remove", "Take a profile, and its children, out of force, until the agent ends");
  add_profile(command);
  command->callback([options, &exit_code] {
    exit_code =
        ask(*options, {{"request", "policy.remove"}, {"profile", options->profile}}, say_in_force);
  });

  command = add("mode", "Set the mode of a profile, whatever its text says; it is kept");
  add_profile(command);
  command
      ->add_option("MODE", options->mode,
                   "complain, enforce, kill, or default: that of the profile's text")
      ->required()
      ->check(CLI::IsMember({"complain", "enforce", "kill", "default"}))
      ->type_name("");
  command->callback([options, &exit_code] {
    exit_code =
        ask(*options,
            {{"request", "policy.mode"}, {"profile", options->profile}, {"mode", options->mode}},
            [&](const Json&) {
              std::printf("%s: %s\n", options->profile.c_str(), options->mode.c_str());
            });
  });

  command = add("reload", "Read all policy files again, as SIGHUP does");
  command->callback([options, &exit_code] {
    exit_code = ask(*options, {{"request", "policy.reload"}}, say_in_force);
  });
}

}  // namespace aspis
