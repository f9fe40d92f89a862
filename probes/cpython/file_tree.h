// SPDX-License-Identifier: Apache-2.0
// Files as a process sees them: below its root directory, and never outside of it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"

namespace aspis::cpython {

/// Paths are absolute, from the process's root; symbolic links are followed inside of it only. A
/// program may have put anything there: nothing is waited for, and sizes have limits.
class FileTree {
 public:
  /// `root`: a directory, e.g. "/" or "/proc/1234/root". Without it every file is missing.
  explicit FileTree(const std::string& root);

  /// The beginning of a regular file, at most `limit` bytes; nothing if it is not there.
  [[nodiscard]] std::optional<std::string> read(const std::string& path, std::size_t limit) const;
  [[nodiscard]] bool is_file(const std::string& path) const;
  [[nodiscard]] bool is_directory(const std::string& path) const;
  /// Names in a directory that `wanted` accepts, at most `limit` of them.
  [[nodiscard]] std::vector<std::string> list(const std::string& path,
                                              bool (*wanted)(std::string_view name),
                                              std::size_t limit) const;

 private:
  [[nodiscard]] Fd open(const std::string& path, int flags) const;
  [[nodiscard]] unsigned type_of(const std::string& path) const;

  Fd root_;
};

}  // namespace aspis::cpython
