// SPDX-License-Identifier: Apache-2.0
// aspis policy check: what is wrong with policy files.
#include <malloc.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "agent/cli/exit_code.h"
#include "agent/cli/policy_commands.h"
#include "agent/cli/policy_files.h"
#include "base/log.h"

namespace aspis {
namespace {

struct CheckOptions {
  PolicyOptions policy;
  std::vector<std::string> files;
};

/// Each file needs some megabytes for a moment: what is that large comes from the system and goes
/// back to it at once, instead of leaving holes.
void give_memory_back() {
  constexpr int kLarge = 64 << 10;
  ::mallopt(M_MMAP_THRESHOLD, kLarge);
  ::mallopt(M_TRIM_THRESHOLD, kLarge);
}

int check(const CheckOptions& options) {
  give_memory_back();
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
