// SPDX-License-Identifier: Apache-2.0
// Where a Writer's lines go.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"

namespace aspis {

class WriteTarget {
 public:
  virtual ~WriteTarget() = default;

  struct Outcome {
    std::size_t written = 0;
    int error = 0;  ///< EAGAIN: not ready within the time given
  };
  /// Writes some of `bytes`, waiting at most `patience` for the reader. What was not written comes
  /// again, with more behind it.
  virtual Outcome write_some(std::string_view bytes, std::chrono::milliseconds patience) = 0;

  /// There is nothing to write: called about once a second.
  virtual void idle() {}
};

/// A file descriptor, written to without ever waiting for its reader longer than asked. Sorts of
/// descriptors need different ways to write without blocking: a regular file is always ready; a
/// pipe, terminal or device is opened anew through /proc, so that O_NONBLOCK is ours alone; where
/// that is not allowed, polling and small writes do.
Result<std::unique_ptr<WriteTarget>> write_to(Fd fd);

}  // namespace aspis
