// SPDX-License-Identifier: Apache-2.0
// A file descriptor written to without ever waiting for its reader longer than asked.
#pragma once

#include <chrono>
#include <cstddef>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"

namespace aspis {

/// Sorts of descriptors need different ways to write without blocking: a regular file is always
/// ready; a pipe, terminal or device is opened anew through /proc, so that O_NONBLOCK is ours
/// alone; where that is not allowed, polling and small writes do.
class WriteTarget {
 public:
  static Result<WriteTarget> create(Fd fd);

  struct Outcome {
    std::size_t written = 0;
    int error = 0;  ///< EAGAIN: not ready within the time given
  };
  /// Writes some of `bytes`, waiting at most `patience` for the reader.
  Outcome write_some(std::string_view bytes, std::chrono::milliseconds patience);

 private:
  enum class Kind { kFile, kNonBlocking, kSocket, kPolled };
  WriteTarget(Fd fd, Kind kind) : fd_(std::move(fd)), kind_(kind) {}

  Fd fd_;
  Kind kind_;
};

}  // namespace aspis
