// SPDX-License-Identifier: Apache-2.0
// aspis policy attach: which profile attaches to a command.

#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <memory>

#include "agent/cli/exit_code.h"
#include "agent/cli/policy_commands.h"
#include "agent/cli/policy_files.h"
#include "base/log.h"
#include "policy/tables/evaluate.h"
#include "policy/tools/launch_of.h"

namespace aspis {
namespace {

struct AttachOptions {
  PolicyOptions policy;
  std::string file;
  std::vector<std::string> command;
};

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
  const std::uint16_t id =
      policy::attached_to_launch(image, root.python, root.attachments, program, launch);
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
