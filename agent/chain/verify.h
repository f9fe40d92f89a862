// SPDX-License-Identifier: Apache-2.0
// Whether a chained log is as it was written.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "agent/chain/chain.h"
#include "base/result.h"

namespace aspis {

struct VerifyOptions {
  std::string path;            ///< the file that is written to; those before it are found
  std::optional<SealKey> key;  ///< that the log began with: then seals are checked
  std::string state;           ///< as LogOptions::state; empty: the end of the log is not checked
};

struct Verified {
  std::uint64_t files = 0, records = 0, problems = 0;
  std::uint64_t first = 0, last = 0;  ///< numbers of records
  std::uint64_t removed = 0;          ///< records before the first, which rotation has removed
  std::uint64_t sealed = 0;           ///< number of the last record that a good seal vouches for
  bool open = false;                  ///< the last record is not that the log was closed
};

/// Reads all files, the oldest first, and calls `problem` with the place and what is wrong there.
/// Fails if a file cannot be read at all.
Result<Verified> verify_log(const VerifyOptions& options,
                            const std::function<void(const std::string& what)>& problem);

}  // namespace aspis
