// SPDX-License-Identifier: Apache-2.0
// The text of a manifest (signed/manifest.h), written and read.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "agent/signed/digest.h"
#include "base/result.h"
#include "signed/pem.h"

namespace aspis {

struct Manifest {
  std::vector<std::string> trees;  ///< absolute; sorted by their bytes
  std::map<std::string, Digest> files;
};

using PublicKey = std::array<std::uint8_t, ASPIS_PUBLIC_KEY_BYTES>;

/// A private key, wiped when it is not needed any more.
class PrivateKey {
 public:
  PrivateKey() = default;
  ~PrivateKey();
  PrivateKey(const PrivateKey&) = delete;
  PrivateKey& operator=(const PrivateKey&) = delete;
  PrivateKey(PrivateKey&& other) noexcept;
  PrivateKey& operator=(PrivateKey&&) = delete;

  std::array<std::uint8_t, ASPIS_SEED_BYTES> seed{};
};

/// Keys in files as openssl writes them (signed/pem.h).
Result<PublicKey> read_public_key(const std::string& path);
Result<PrivateKey> read_private_key(const std::string& path);

/// The same manifest, and key, give the same text.
std::string sign_manifest(const Manifest& manifest, const PrivateKey& key);

/// Reads one whose signature is good.
Result<Manifest> read_manifest(std::string_view text, const PublicKey& key);

/// A path on one line: signed/path_text.h.
std::string path_text(std::string_view path);

}  // namespace aspis
