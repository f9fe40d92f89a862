// SPDX-License-Identifier: Apache-2.0
// aspis policy check: what is wrong with policy files.
#include <CLI/CLI.hpp>
#include <memory>

#include "agent/cli/exit_code.h"
#include "agent/cli/memory.h"
#include "agent/cli/policy_commands.h"
#include "agent/cli/policy_files.h"
#include "base/log.h"

namespace aspis {
namespace {

struct CheckOptions {
  PolicyOptions policy;
  std::vector<std::string> files;
};

int check(const CheckOptions& options) {
  give_back_blocks_of(64 << 10);  // each file needs some megabytes for a moment
  const auto files = policy_files(options.files);
  if (!files) {
    log::error("{}", files.error().text());
    return kExitFailed;
  }
  int code = kExitOk;
  for (const auto& file : *files) {
    if (const auto loaded = load_policy_file(file, options.policy); !loaded) {
      log::error("{}", loaded.error().text());
      code = kExitFailed;
    }
  }
  return code;
}

}  // namespace

void add_policy_check(CLI::App& policy, int& exit_code) {
  auto options = std::make_shared<CheckOptions>();
  CLI::App* command = policy.add_subcommand(
      "check", "Say what is wrong with policy files; exits with 0 if they can be used, else 1");
  options->policy.judge = true;
  add_policy_options(*command, options->policy);
  add_strict_option(*command, options->policy.strict);
  command->add_flag("-q,--quiet", options->policy.quiet, "Errors only, no warnings");
  command
      ->add_option("FILE", options->files,
                   "Policy files; - is standard input, a directory all policy files right in it")
      ->required()
      ->type_name("");
  command->callback([options, &exit_code] { exit_code = check(*options); });
}

}  // namespace aspis
