// SPDX-License-Identifier: Apache-2.0
// aspis manifest verify: is the code as it was signed?

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "agent/cli/exit_code.h"
#include "agent/cli/manifest_commands.h"
#include "agent/signed/code_files.h"
#include "agent/signed/whole_file.h"
#include "base/log.h"

namespace aspis {
namespace {

constexpr std::size_t kManifestMax = std::size_t{1} << 30;

/// Differences of the files that were signed. A number of findings, as what follows.
std::size_t check_signed(const Manifest& manifest) {
  std::size_t found = 0;
  for (const auto& [path, wanted] : manifest.files) {
    const auto digest = digest_file(path);
    if (digest && *digest == wanted) continue;
    found++;
    if (digest)
      print_finding("changed", path);
    else if (digest.error().code == ENOENT || digest.error().code == ENOTDIR)
      print_finding("missing", path);
    else
      print_finding("unreadable", path, digest.error().text());
  }
  return found;
}

/// Code that came later.
std::size_t check_added(const Manifest& manifest) {
  std::size_t found = 0;
  for (const std::string& tree : manifest.trees) {
    const auto code = find_code({tree});
    if (!code && code.error().code == ENOENT) continue;  // what was in it is missing, as told
    if (!code) {
      print_finding("unreadable", tree, code.error().text());
      found++;
      continue;
    }
    for (const std::string& path : code->files) {
      if (manifest.files.contains(path)) continue;
      print_finding("added", path);
      found++;
    }
    for (const auto& [path, what] : code->problems) {
      if (manifest.files.contains(path)) continue;
      print_finding("unreadable", path, what);
      found++;
    }
  }
  return found;
}

int verify(const ManifestOptions& options) {
  const auto manifest = load_manifest(options);
  if (!manifest) {
    log::error("{}", manifest.error().text());
    return kExitFailed;
  }
  const std::size_t found = check_signed(*manifest) + check_added(*manifest);
  if (found == 0)
    log::info("{} files, as they were signed", manifest->files.size());
  else
    log::error("{} of what is there is not what was signed", found);
  return found == 0 ? kExitOk : kExitFailed;
}

}  // namespace

void add_manifest_options(CLI::App& command, ManifestOptions& options) {
  command.add_option("--key", options.key, "Public Ed25519 key (openssl pkey -pubout)")
      ->required()
      ->type_name("PUB.pem");
  command.add_option("MANIFEST", options.file, "What aspis manifest sign has written")
      ->required()
      ->type_name("");
}

Result<Manifest> load_manifest(const ManifestOptions& options) {
  const PublicKey key = TRY(read_public_key(options.key));
  const std::string text = TRY(read_whole_file(options.file, kManifestMax));
  auto manifest = read_manifest(text, key);
  if (!manifest) return fail(options.file + ": " + manifest.error().message);
  return manifest;
}

void print_finding(const char* what, const std::string& path, const std::string& why) {
  const std::string line =
      std::string(what) + " " + path_text(path) + (why.empty() ? "" : ": ") + why + "\n";
  std::fputs(line.c_str(), stdout);
}

void add_manifest_verify(CLI::App& manifest, int& exit_code) {
  auto options = std::make_shared<ManifestOptions>();
  CLI::App* command = manifest.add_subcommand(
      "verify", "Say which code is changed, missing, or added since it was signed");
  add_manifest_options(*command, *options);
  command->callback([options, &exit_code] { exit_code = verify(*options); });
}

}  // namespace aspis
