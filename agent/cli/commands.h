// SPDX-License-Identifier: Apache-2.0
// The subcommands. Each adds itself to the command line and stores its exit code when it has run.
#pragma once

namespace CLI {
class App;
}

namespace aspis {

void add_run(CLI::App& app, int& exit_code);
void add_agent(CLI::App& app, int& exit_code);
void add_status(CLI::App& app, int& exit_code);
void add_top(CLI::App& app, int& exit_code);
void add_tail(CLI::App& app, int& exit_code);
void add_interpreters(CLI::App& app, int& exit_code);
void add_probe(CLI::App& app, int& exit_code);
void add_policy(CLI::App& app, int& exit_code);
void add_log(CLI::App& app, int& exit_code);
void add_manifest(CLI::App& app, int& exit_code);

}  // namespace aspis
