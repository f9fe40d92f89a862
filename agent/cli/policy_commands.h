// SPDX-License-Identifier: Apache-2.0
// The subcommands of `aspis policy`, as those of commands.h.
#pragma once

namespace CLI {
class App;
}

namespace aspis {

/// list, load, remove, mode and reload.
void add_policy_control(CLI::App& policy, int& exit_code);
void add_policy_check(CLI::App& policy, int& exit_code);
void add_policy_attach(CLI::App& policy, int& exit_code);
void add_policy_explain(CLI::App& policy, int& exit_code);
void add_policy_dump(CLI::App& policy, int& exit_code);
void add_policy_format(CLI::App& policy, int& exit_code);
void add_policy_export(CLI::App& policy, int& exit_code);

}  // namespace aspis
