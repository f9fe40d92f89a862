// SPDX-License-Identifier: Apache-2.0
// The texts a policy is made of, and places in them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <istream>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace aspis::policy {

using FileId = std::uint32_t;

/// A place in a file: line and column count from 1, the column in bytes. Line 0: no place.
struct Position {
  FileId file = 0;
  std::uint32_t line = 0;
  std::uint32_t column = 0;

  bool operator==(const Position&) const = default;
};

/// Owns the text of every file that was read; views into it live as long as this object.
class Sources {
 public:
  /// Takes a text that is in memory already.
  FileId add(std::string name, std::string text);

  /// Reads a file. Fails when it cannot be read, is no regular file, or is larger than 16 MiB.
  Result<FileId> read(const std::string& path);

  /// Reads a stream such as standard input to its end, up to the same limit.
  Result<FileId> read(std::string name, std::istream& stream);

  [[nodiscard]] std::string_view text(FileId file) const { return files_[file].text; }
  [[nodiscard]] const std::string& name(FileId file) const { return files_[file].name; }

  /// Line and column of a byte.
  [[nodiscard]] Position position(FileId file, std::size_t offset) const;

  /// A line (from 1) without its end; empty if there is none such.
  [[nodiscard]] std::string_view line(FileId file, std::uint32_t line) const;

 private:
  struct File {
    std::string name;
    std::string text;
    std::vector<std::size_t> line_starts;
  };
  std::deque<File> files_;  // a deque, so that views stay valid
};

}  // namespace aspis::policy
