// SPDX-License-Identifier: Apache-2.0
#include "agent/signed/manifest_text.h"

#include <sodium.h>

#include <algorithm>

#include "agent/signed/whole_file.h"
#include "signed/manifest.h"
#include "signed/path_text.h"

namespace aspis {
namespace {

constexpr std::size_t kKeyFileMax = 65536;

std::string_view view(const aspis_manifest_path& path) {
  return {path.bytes, path.len};
}

Digest digest_of(const aspis_manifest_file& file) {
  Digest digest;
  digest.size = file.size;
  std::ranges::copy(file.sha256, digest.sha256.begin());
  std::ranges::copy(file.verity, digest.verity.begin());
  return digest;
}

}  // namespace

PrivateKey::~PrivateKey() {
  sodium_memzero(seed.data(), seed.size());
}

PrivateKey::PrivateKey(PrivateKey&& other) noexcept : seed(other.seed) {
  sodium_memzero(other.seed.data(), other.seed.size());
}

Result<PublicKey> read_public_key(const std::string& path) {
  const std::string text = TRY(read_whole_file(path, kKeyFileMax));
  PublicKey key;
  if (const char* wrong = aspis_pem_public_key(text.data(), text.size(), key.data()))
    return fail(path + ": " + wrong);
  return key;
}

Result<PrivateKey> read_private_key(const std::string& path) {
  std::string text = TRY(read_whole_file(path, kKeyFileMax));
  PrivateKey key;
  const char* wrong = aspis_pem_private_key(text.data(), text.size(), key.seed.data());
  sodium_memzero(text.data(), text.size());
  if (wrong != nullptr) return fail(path + ": " + wrong);
  return key;
}

std::string path_text(std::string_view path) {
  std::string text(4 * path.size(), 0);
  text.resize(aspis_path_to_text(path.data(), path.size(), text.data()));
  return text;
}

std::string sign_manifest(const Manifest& manifest, const PrivateKey& key) {
  std::string text = ASPIS_MANIFEST_HEAD;
  for (const std::string& tree : manifest.trees) text += "tree " + path_text(tree) + "\n";
  for (const auto& [path, digest] : manifest.files) {
    text += hex(digest.sha256) + " " + std::to_string(digest.size) + " " + hex(digest.verity) +
            " " + path_text(path) + "\n";
  }
  std::array<std::uint8_t, ASPIS_SIGNATURE_BYTES> signature{};
  aspis_manifest_sign(text.data(), text.size(), key.seed.data(), signature.data());
  char digits[2 * ASPIS_SIGNATURE_BYTES + 1];
  sodium_bin2hex(digits, sizeof(digits), signature.data(), signature.size());
  return text + "signature " + digits + "\n";
}

Result<Manifest> read_manifest(std::string_view text, const PublicKey& key) {
  aspis_manifest read{};
  std::size_t line = 0;
  if (const char* wrong = aspis_manifest_read(&read, text.data(), text.size(), key.data(), &line))
    return fail(line == 0 ? wrong : "line " + std::to_string(line) + ": " + wrong);
  Manifest manifest;
  for (std::size_t i = 0; i < read.tree_count; i++)
    manifest.trees.emplace_back(view(read.trees[i]));
  for (std::size_t i = 0; i < read.file_count; i++)
    manifest.files.emplace(view(read.files[i].path), digest_of(read.files[i]));
  aspis_manifest_free(&read);
  return manifest;
}

}  // namespace aspis
