// SPDX-License-Identifier: Apache-2.0
// aspis policy attach: which profile attaches to a command.

#include <CLI/CLI.hpp>
#include <filesystem>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/cli/exit_code.h"
#include "agent/cli/policy_commands.h"
#include "agent/cli/policy_files.h"
#include "base/log.h"
#include "policy/tables/container.h"
#include "policy/tables/evaluate.h"
#include "policy/tools/launch_of.h"

namespace aspis {
namespace {

struct AttachOptions {
  PolicyOptions policy;
  std::string file;
  std::vector<std::string> container;  ///< KEY=VALUE
  std::vector<std::string> command;
};

/// Numbers of the selectors that choose a container with these values.
Result<std::vector<std::size_t>> choosing(const policy::CompiledPolicy& policy,
                                          const std::vector<std::string>& container) {
  std::map<std::string, std::string, std::less<>> values;
  for (const std::string& condition : container) {
    const auto end = condition.find('=');
    if (end == std::string::npos || end == 0)
      return fail("\"" + condition + "\" is not KEY=VALUE, such as image=web or label.app=shop");
    values[condition.substr(0, end)] = condition.substr(end + 1);
  }
  std::vector<std::size_t> found;
  const auto selectors = policy::selectors_of(policy);
  for (std::size_t i = 0; i < selectors.size(); ++i) {
    const auto selector = TRY(policy::Selector::create(selectors[i]));
    if (selector.chooses([&](std::string_view key) {
          const auto value = values.find(key);
          return value == values.end() ? std::string() : value->second;
        }))
      found.push_back(i);
  }
  return found;
}

Result<int> attach(const AttachOptions& options) {
  const std::string& program = options.command.front();
  if (!program.starts_with('/')) {
    return fail("\"" + program +
                "\" does not begin with \"/\": give the path as the kernel names it");
  }
  const auto loaded = TRY(load_policy_file(options.file, options.policy));
  const policy::Image image = TRY(policy::lay_out(loaded->compiled));
  const auto& root = *reinterpret_cast<const aspis_policy_root*>(image.bytes.data() + image.root);
  const std::string launch =
      policy::launch_of(options.command, std::filesystem::current_path().string());
  const auto selectors = TRY(choosing(loaded->compiled, options.container));
  const std::uint16_t id = policy::attached_anywhere(image, selectors, program, launch);
  if (root.python.automaton != 0)
    std::cout << "as Python, it runs " << policy::launch_in_words(launch) << "\n";
  std::cout << (id != 0 ? image.names[id] : "no profile attaches, or several do, and none best")
            << "\n";
  return id != 0 ? kExitOk : kExitFailed;
}

}  // namespace

void add_policy_attach(CLI::App& policy, int& exit_code) {
  auto options = std::make_shared<AttachOptions>();
  options->policy.quiet = true;
  CLI::App* command = policy.add_subcommand(
      "attach",
      "Say which profile attaches to a command by itself; exits with 0 if one does, else 1");
  add_policy_options(*command, options->policy);
  command->add_option("FILE", options->file, "Policy file; - is standard input")
      ->required()
      ->type_name("");
  command
      ->add_option("--container", options->container,
                   "In a container that has this: KEY=VALUE, the keys of container=(...)")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  command
      ->add_option("COMMAND", options->command,
                   "The program as the kernel names it, and its arguments, behind --")
      ->required()
      ->type_name("");
  command->callback([options, &exit_code] {
    const auto code = attach(*options);
    if (!code) log::error("{}", code.error().text());
    exit_code = code ? *code : kExitUsage;
  });
}

}  // namespace aspis
