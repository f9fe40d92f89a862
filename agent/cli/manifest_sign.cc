// SPDX-License-Identifier: Apache-2.0
// aspis manifest sign: hashes a tree's code, all of it or nothing.

#include <CLI/CLI.hpp>
#include <memory>

#include "agent/cli/exit_code.h"
#include "agent/cli/manifest_commands.h"
#include "agent/signed/code_files.h"
#include "agent/signed/seal.h"
#include "agent/signed/whole_file.h"
#include "base/log.h"

namespace aspis {
namespace {

struct SignOptions {
  std::string key, to = "-";
  std::vector<std::string> trees;
};

/// The file's digests; where the file system has fs-verity on, its digest must be ours.
Result<Digest> checked_digest(const std::string& path) {
  const Digest digest = TRY(digest_file(path));
  const auto measured = TRY(measured_digest(path));
  if (measured && *measured != digest.verity)
    return fail("the digest of fs-verity is " + hex(*measured) + ", not " + hex(digest.verity));
  return digest;
}

Result<> sign(const SignOptions& options) {
  const PrivateKey key = TRY(read_private_key(options.key));
  CodeFiles code = TRY(find_code(options.trees));
  Manifest manifest;
  for (const std::string& path : code.files) {
    const auto digest = checked_digest(path);
    if (digest)
      manifest.files.emplace(path, *digest);
    else
      code.problems.push_back({path, digest.error().text()});
  }
  for (const auto& [path, what] : code.left_out)
    log::warn("left out: {}: {}", path_text(path), what);
  for (const auto& [path, what] : code.problems) log::error("{}: {}", path_text(path), what);
  if (!code.problems.empty()) return fail("nothing is signed");
  manifest.trees = std::move(code.trees);
  TRYV(write_whole_file(options.to, sign_manifest(manifest, key)));
  if (manifest.files.empty()) log::warn("no code is in these trees");
  return {};
}

}  // namespace

void add_manifest_sign(CLI::App& manifest, int& exit_code) {
  auto options = std::make_shared<SignOptions>();
  CLI::App* command =
      manifest.add_subcommand("sign", "Write a signed manifest of the code below directories");
  command
      ->add_option("--key", options->key,
                   "Private Ed25519 key (openssl genpkey -algorithm ed25519)")
      ->required()
      ->type_name("KEY.pem");
  command->add_option("-o,--output", options->to, "Where to; without it, standard output")
      ->type_name("FILE");
  command
      ->add_option("TREE", options->trees,
                   "Directories, of which all .py, .pyc, .pth and .so are taken, or single files")
      ->required()
      ->type_name("");
  command->callback([options, &exit_code] {
    const auto done = sign(*options);
    if (!done) log::error("{}", done.error().text());
    exit_code = done ? kExitOk : kExitFailed;
  });
}

}  // namespace aspis
