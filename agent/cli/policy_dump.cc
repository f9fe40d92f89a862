// SPDX-License-Identifier: Apache-2.0
// aspis policy dump: what policy is compiled to.

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "agent/cli/exit_code.h"
#include "agent/cli/policy_commands.h"
#include "agent/cli/policy_files.h"
#include "base/log.h"
#include "policy/tools/dot.h"
#include "policy/tools/dump.h"

namespace aspis {
namespace {

struct DumpOptions {
  PolicyOptions policy;
  std::string file, profile;
  bool dot = false;
};

Result<> dump(const DumpOptions& options) {
  const auto loaded = TRY(load_policy_file(options.file, options.policy));
  const auto& profiles = loaded->compiled.profiles;
  if (options.dot || !options.profile.empty()) {
    const auto& profile =
        profiles[TRY(find_profile(loaded->compiled, options.file, options.profile))];
    std::cout << (options.dot ? policy::dot(profile) : policy::dump(profile));
    return {};
  }
  const char* before = "";
  for (const auto& profile : profiles) {
    std::cout << before << policy::dump(profile);
    before = "\n";
  }
  return {};
}

}  // namespace

void add_policy_dump(CLI::App& policy, int& exit_code) {
  auto options = std::make_shared<DumpOptions>();
  options->policy.quiet = true;
  CLI::App* command = policy.add_subcommand("dump", "Show what the profiles are compiled to");
  add_policy_options(*command, options->policy);
  command->add_flag("--dot", options->dot,
                    "The automaton of one profile's file rules, for Graphviz (dot -Tsvg)");
  command->add_option("FILE", options->file, "Policy file; - is standard input")
      ->required()
      ->type_name("");
  command->add_option("PROFILE", options->profile, "Only this one of its profiles")->type_name("");
  command->callback([options, &exit_code] {
    const auto dumped = dump(*options);
    if (!dumped) log::error("{}", dumped.error().text());
    exit_code = dumped ? kExitOk : kExitUsage;
  });
}

}  // namespace aspis
