// SPDX-License-Identifier: Apache-2.0
// What identifies the content of a file.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/result.h"
#include "signed/verity.h"

namespace aspis {

using Sha256 = std::array<std::uint8_t, ASPIS_SHA256_BYTES>;

struct Digest {
  std::uint64_t size = 0;  ///< bytes
  Sha256 sha256{};
  Sha256 verity{};  ///< the digest that fs-verity gives it (signed/verity.h)

  bool operator==(const Digest&) const = default;
};

/// Reads a regular file, once. A symbolic link is not followed. Fails if it cannot be read, is
/// something else, or changes while it is read; the message does not name the file.
Result<Digest> digest_file(const std::string& path);

/// 64 digits.
std::string hex(const Sha256& hash);

}  // namespace aspis
