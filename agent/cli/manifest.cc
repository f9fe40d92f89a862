// SPDX-License-Identifier: Apache-2.0
// aspis manifest …: signed lists of the code that may be loaded (docs/signed-code.md).
#include <CLI/CLI.hpp>

#include "agent/cli/commands.h"
#include "agent/cli/manifest_commands.h"

namespace aspis {

void add_manifest(CLI::App& app, int& exit_code) {
  CLI::App* manifest = app.add_subcommand("manifest", "Signed manifests of Python code");
  manifest->require_subcommand(1);
  add_manifest_sign(*manifest, exit_code);
  add_manifest_verify(*manifest, exit_code);
  add_manifest_enable(*manifest, exit_code);
}

}  // namespace aspis
