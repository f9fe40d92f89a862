// SPDX-License-Identifier: Apache-2.0
// fs-verity: the kernel checks what it reads of a file against a digest, and the file cannot be
// written to any more (Documentation/filesystems/fsverity.rst).
#pragma once

#include <optional>
#include <string>

#include "agent/signed/digest.h"
#include "base/result.h"

namespace aspis {

/// Turns fs-verity on for a file, with blocks of 4096 bytes and SHA-256; one that has it is left as
/// it is. Then the kernel's digest must be `expected`. The message does not name the file.
Result<> seal_file(const std::string& path, const Sha256& expected);

/// The kernel's digest of a file with fs-verity; nothing if it has none, or one of another kind.
Result<std::optional<Sha256>> measured_digest(const std::string& path);

}  // namespace aspis
