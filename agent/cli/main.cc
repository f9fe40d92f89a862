// SPDX-License-Identifier: Apache-2.0
#include <signal.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string_view>

#include "agent/cli/commands.h"
#include "agent/cli/exit_code.h"
#include "base/log.h"

namespace {

/// `run` keeps 1 and 2 for its command, as env(1) and timeout(1) do.
int usage_code(int argc, char** argv) {
  return argc > 1 && std::string_view(argv[1]) == "run" ? aspis::kExitRunFailed : aspis::kExitUsage;
}

}  // namespace

int main(int argc, char** argv) {
  aspis::log::set_up();
  ::signal(SIGPIPE, SIG_IGN);
  int exit_code = aspis::kExitOk;
  CLI::App app{
      "Watches what Python programs say and what the kernel sees, joined, and enforces "
      "AppArmor's policy language in the kernel.",
      "aspis"};
  app.require_subcommand(1);
  app.set_version_flag("--version", "aspis " ASPIS_VERSION);
  app.add_subcommand("version", "Print the version")->callback([] {
    std::puts("aspis " ASPIS_VERSION);
  });
  aspis::add_run(app, exit_code);
  aspis::add_tail(app, exit_code);
  aspis::add_agent(app, exit_code);
  aspis::add_status(app, exit_code);
  aspis::add_top(app, exit_code);
  aspis::add_probe(app, exit_code);
  aspis::add_interpreters(app, exit_code);
  aspis::add_policy(app, exit_code);
  aspis::add_log(app, exit_code);
  aspis::add_manifest(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? aspis::kExitOk : usage_code(argc, argv);
  }
  return exit_code;
}
