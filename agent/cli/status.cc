// SPDX-License-Identifier: Apache-2.0
// aspis status: what aa-status(8) says of AppArmor, of the agent that runs. Options, layout, JSON
// and exit codes are its.

#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <cstdio>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

#include "agent/cli/commands.h"
#include "agent/cli/options.h"
#include "agent/control/client.h"
#include "base/log.h"

namespace aspis {
namespace {

using Json = nlohmann::json;

/// aa-status(8), EXIT STATUS.
enum StatusCode : int {
  kLoaded = 0,
  kNotRunning = 1,
  kNoPolicy = 2,
  kNotAllowed = 4,
  kInternal = 42,
};

constexpr std::array<const char*, 4> kModes = {"enforce", "complain", "kill", "unconfined"};
constexpr std::array<const char*, 5> kProcessModes = {"enforce", "complain", "kill", "mixed",
                                                      "unconfined"};

struct StatusOptions {
  std::string socket = kControlSocket;
  bool json = false, pretty = false, enabled = false, profiled = false;
  std::string count;  ///< a mode: only how many profiles have it
};

struct Process {
  unsigned pid;
  std::string exe, profile;
};

std::map<std::string, std::vector<Process>> processes_by_mode(const Json& answer) {
  std::map<std::string, std::vector<Process>> found;
  for (const Json& row : answer["processes"]) {
    std::string profile;
    for (const Json& name : row["profiles"])
      profile += (profile.empty() ? "" : "//&") + name.get<std::string>();
    found[row.value("mode", "")].push_back({row.value("pid", 0U), row.value("exe", ""), profile});
  }
  for (const Json& row : answer["unconfined"])
    found["unconfined"].push_back(
        {row.value("pid", 0U), row.value("exe", ""), row.value("profile", "")});
  return found;
}

std::map<std::string, std::vector<std::string>> profiles_by_mode(const Json& answer) {
  std::map<std::string, std::vector<std::string>> found;
  for (const auto& [name, row] : answer["profiles"].items())
    found[row.value("mode", "")].push_back(name);
  return found;
}

void print_text(const Json& answer) {
  auto profiles = profiles_by_mode(answer);
  auto processes = processes_by_mode(answer);
  std::printf("aspis %s enforces with the backend %s.\n", answer.value("version", "").c_str(),
              answer.value("backend", "").c_str());
  std::printf("%zu profiles are loaded.\n", answer["profiles"].size());
  for (const char* mode : kModes) {
    std::printf("%zu profiles are in %s mode.\n", profiles[mode].size(), mode);
    for (const auto& name : profiles[mode]) std::printf("   %s\n", name.c_str());
  }
  std::printf("%zu processes have profiles defined.\n",
              answer["processes"].size() + answer["unconfined"].size());
  for (const char* mode : kProcessModes) {
    const auto& rows = processes[mode];
    if (std::string_view(mode) == "unconfined")
      std::printf("%zu processes are unconfined but have a profile defined.\n", rows.size());
    else
      std::printf("%zu processes are in %s mode.\n", rows.size(), mode);
    for (const Process& row : rows) {
      std::printf("   %s (%u)", row.exe.c_str(), row.pid);
      std::printf(row.profile == row.exe ? "\n" : " %s\n", row.profile.c_str());
    }
  }
}

/// As aa-status --json has it, version 2.
Json as_json(const Json& answer) {
  Json profiles = Json::object(), processes = Json::object();
  for (const auto& [name, row] : answer["profiles"].items()) profiles[name] = row["mode"];
  for (const auto& [mode, rows] : processes_by_mode(answer))
    for (const Process& row : rows)
      processes[row.exe].push_back(
          {{"profile", row.profile}, {"pid", std::to_string(row.pid)}, {"status", mode}});
  return {{"version", "2"}, {"profiles", profiles}, {"processes", processes}};
}

int status(const StatusOptions& options) {
  const auto answer = ask_agent(options.socket, {{"request", "status"}});
  if (!answer) {
    if (!options.enabled) log::error("{}", answer.error().text());
    const int code = answer.error().code;
    if (code == EPERM || code == EACCES) return kNotAllowed;
    return code == ENOENT || code == ECONNREFUSED ? kNotRunning : kInternal;
  }
  if (options.enabled) return kLoaded;
  auto profiles = profiles_by_mode(*answer);
  if (options.profiled)
    std::printf("%zu\n", (*answer)["profiles"].size());
  else if (!options.count.empty())
    std::printf("%zu\n", profiles[options.count].size());
  else if (options.json || options.pretty)
    std::puts(as_json(*answer).dump(options.pretty ? 2 : -1).c_str());
  else
    print_text(*answer);
  return (*answer)["profiles"].empty() ? kNoPolicy : kLoaded;
}

}  // namespace

void add_status(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<StatusOptions>();
  CLI::App* command = app.add_subcommand(
      "status",
      "The profiles that the running agent has in force, and the processes under them. Exit codes "
      "are those of aa-status: 0; 1 no agent runs; 2 it has no profiles; 4 not allowed to ask; 42");
  add_socket_option(*command, options->socket);
  command->add_flag("--json", options->json, "As aa-status --json");
  command->add_flag("--pretty-json", options->pretty, "The same, for people");
  command->add_flag("--enabled", options->enabled, "Say nothing, only exit");
  command->add_flag("--profiled", options->profiled, "Only how many profiles there are");
  const auto count = [&](const char* flag, const char* mode, const char* what) {
    command->add_flag_callback(flag, [options, mode] { options->count = mode; }, what);
  };
  count("--enforced", "enforce", "Only how many profiles are enforced");
  count("--complaining", "complain", "Only how many complain");
  count("--kill", "kill", "Only how many kill");
  command->callback([options, &exit_code] { exit_code = status(*options); });
}

}  // namespace aspis
