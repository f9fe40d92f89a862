// SPDX-License-Identifier: Apache-2.0
// Compresses a file piece by piece, in between other work: as a whole, a large one would hold up
// whoever writes the next one for seconds.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "base/result.h"

namespace aspis {

/// Puts FILE.zst (zstd, RFC 8878) in the place of FILE, with its mode: at once, when it is whole.
/// Takes about a megabyte while it is busy, and none else.
class Compressor {
 public:
  Compressor();
  /// What is not finished is dropped: FILE stays.
  ~Compressor();

  /// Begins with a file; not while it is busy.
  Result<> begin(const std::string& file);
  /// Goes on with at least `bytes` of the file, if there are so many; when nothing is left of it it
  /// takes its place. After an error FILE stays, and nothing is busy.
  Result<> step(std::size_t bytes);
  Result<> finish();
  /// Somebody removes FILE: no more is done.
  void drop();

  [[nodiscard]] bool busy() const { return work_ != nullptr; }
  /// FILE, of the one that is being compressed.
  [[nodiscard]] const std::string& file() const;

 private:
  struct Work;
  std::unique_ptr<Work> work_;
};

}  // namespace aspis
