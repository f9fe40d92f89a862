// SPDX-License-Identifier: Apache-2.0
// aspis policy …: tools for policy files, which need no root and no kernel, and what is asked of a
// running agent.
#include <CLI/CLI.hpp>

#include "agent/cli/commands.h"
#include "agent/cli/policy_commands.h"

namespace aspis {

void add_policy(CLI::App& app, int& exit_code) {
  CLI::App* policy = app.add_subcommand(
      "policy",
      "Tools for policy files, which need no privileges; and the policy of the running agent");
  policy->require_subcommand(1);
  add_policy_control(*policy, exit_code);
  add_policy_check(*policy, exit_code);
  add_policy_attach(*policy, exit_code);
  add_policy_explain(*policy, exit_code);
  add_policy_dump(*policy, exit_code);
  add_policy_format(*policy, exit_code);
  add_policy_export(*policy, exit_code);
}

}  // namespace aspis
