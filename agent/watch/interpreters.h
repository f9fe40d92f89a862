// SPDX-License-Identifier: Apache-2.0
// Keeps an audit probe on every interpreter that tracked processes run.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "agent/kernel/observer.h"
#include "base/result.h"
#include "probes/cpython/find.h"

namespace aspis {

class Interpreters {
 public:
  explicit Interpreters(Observer& observer) : observer_(observer) {}

  /// Puts probes on the interpreters at the standard places of this host. Returns how many.
  std::size_t attach_standard();

  /// A process has been seen to run this file (kernel device number and inode, as events carry
  /// them): the first time, looks whether CPython is in it, or in a library that it has mapped, and
  /// probes it. What was raised before the probe was in place is missing, which is logged.
  void note_image(std::uint32_t pid, std::uint32_t device, std::uint64_t inode);

  /// Device and inode, as stat(2) gives them, of every interpreter that has a probe.
  [[nodiscard]] const std::vector<std::pair<std::uint64_t, std::uint64_t>>& files() const {
    return files_;
  }

 private:
  bool attach(const cpython::Interpreter& interpreter);

  Observer& observer_;
  std::set<std::pair<std::uint64_t, std::uint64_t>> seen_;  ///< interpreters, by stat(2)
  std::set<std::pair<std::uint32_t, std::uint64_t>>
      images_;  ///< executables, by the kernel's numbers
  std::vector<std::pair<std::uint64_t, std::uint64_t>> files_;
};

}  // namespace aspis
