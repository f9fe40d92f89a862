// SPDX-License-Identifier: Apache-2.0
// What aspis agent is told by its configuration: a file of YAML, and drop-ins beside it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"

namespace aspis {

inline constexpr const char* kConfigFile = "/etc/aspis/aspis.yaml";

/// One row of `outputs`. The meaning and the range of each member, here and below: keys.h.
struct OutputConfig {
  std::string type = "file";
  std::string path;
  std::string format = "json";
  std::vector<std::string> events;
  std::vector<std::string> verdicts;
  bool python_only = false;
  bool denials_only = false;
  unsigned rotate_size = 100;
  unsigned rotate_hours = 24;
  unsigned keep = 10;
  bool compress = true;
  std::string seal_key;
  std::string to;
  std::string body;
  std::vector<std::string> headers;
  std::string ca;
  unsigned rate = 30;
  unsigned group = 60;
};

struct AgentConfig {
  std::vector<std::string> profiles{"/etc/aspis/profiles.d"};
  std::vector<std::string> include;
  std::string base = "/etc/apparmor.d";
  bool complain = false;
  bool strict = false;
  bool remove_used = false;
  std::string hook_config;

  std::string observe = "python";
  std::vector<std::string> executables;
  std::vector<std::string> cgroups;
  bool all_events = false;
  std::string stacks = "denied";
  bool hold = false;

  std::string hooks = "best";
  unsigned buffer_size = 16;
  unsigned policy_memory = 16;

  std::string socket_path = "/run/aspis/aspis.sock";
  std::string socket_group;
  std::string socket_admin_group;
  unsigned socket_queue = 8;
  std::string state = "/var/lib/aspis";
  std::string metrics;
  std::string pins = "/sys/fs/bpf/aspis";

  std::vector<std::string> redact{};

  std::vector<OutputConfig> outputs{};
};

/// What is wrong with a value, of one key, beyond its form (keys.h); "": nothing. Of lists each
/// word is asked about.
template <class... Context>
struct ConfigCheck {
  std::string key;
  std::function<std::string(const Context&..., const std::string& value)> wrong;
};
struct ConfigChecks {
  std::vector<ConfigCheck<>> agent{};
  /// Once the output has been read; also of keys with one word that are not there.
  std::vector<ConfigCheck<OutputConfig>> outputs{};
};

/// The directory of drop-ins of a configuration: aspis.d of aspis.yaml.
std::string drop_ins_of(const std::string& path);

/// The files that make up a configuration: `path`, then *.yaml of its drop-ins by name.
Result<std::vector<std::string>> config_files(const std::string& path);

/// Reads them. What a later one says takes the place of what an earlier one has said, lists as a
/// whole. The error has a line for each thing that is wrong: FILE:LINE:COLUMN: what.
Result<AgentConfig> read_config(const std::string& path, const ConfigChecks& checks = {});

/// The same of one text; `name` stands for its file.
Result<> read_config_text(const std::string& text, const std::string& name, AgentConfig& config,
                          const ConfigChecks& checks = {});

}  // namespace aspis
