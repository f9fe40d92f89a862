// SPDX-License-Identifier: Apache-2.0
// aspis manifest enable: fs-verity for the code that was signed.

#include <CLI/CLI.hpp>
#include <memory>

#include "agent/cli/exit_code.h"
#include "agent/cli/manifest_commands.h"
#include "agent/signed/seal.h"
#include "base/log.h"

namespace aspis {
namespace {

/// What is sealed stays as it is: only what is as it was signed shall.
Result<> check_and_seal(const std::string& path, const Digest& wanted) {
  if (TRY(digest_file(path)) != wanted) return fail("changed since it was signed");
  return seal_file(path, wanted.verity);
}

int enable(const ManifestOptions& options) {
  const auto manifest = load_manifest(options);
  if (!manifest) {
    log::error("{}", manifest.error().text());
    return kExitFailed;
  }
  std::size_t failed = 0;
  for (const auto& [path, wanted] : manifest->files) {
    const auto sealed = check_and_seal(path, wanted);
    if (sealed) continue;
    print_finding("not enabled", path, sealed.error().text());
    failed++;
  }
  const std::size_t all = manifest->files.size();
  log::say(failed == 0 ? log::Level::kInfo : log::Level::kError,
           "fs-verity is on for {} of {} files", all - failed, all);
  return failed == 0 ? kExitOk : kExitFailed;
}

}  // namespace

void add_manifest_enable(CLI::App& manifest, int& exit_code) {
  auto options = std::make_shared<ManifestOptions>();
  CLI::App* command = manifest.add_subcommand(
      "enable", "Turn on fs-verity for each file: the kernel then keeps it as it was signed");
  add_manifest_options(*command, *options);
  command->callback([options, &exit_code] { exit_code = enable(*options); });
}

}  // namespace aspis
