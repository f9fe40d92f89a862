// SPDX-License-Identifier: Apache-2.0
// The subcommands of `aspis manifest`, as those of commands.h.
#pragma once

#include <string>

#include "agent/signed/manifest_text.h"
#include "base/result.h"

namespace CLI {
class App;
}

namespace aspis {

void add_manifest_sign(CLI::App& manifest, int& exit_code);
void add_manifest_verify(CLI::App& manifest, int& exit_code);
void add_manifest_enable(CLI::App& manifest, int& exit_code);

/// What verify and enable are given.
struct ManifestOptions {
  std::string key, file;
};

/// Adds --key and MANIFEST.
void add_manifest_options(CLI::App& command, ManifestOptions& options);

/// The manifest, whose signature is good; else the error names the file.
Result<Manifest> load_manifest(const ManifestOptions& options);

/// "WHAT PATH[: WHY]" on standard output.
void print_finding(const char* what, const std::string& path, const std::string& why = "");

}  // namespace aspis
