// SPDX-License-Identifier: Apache-2.0
// The files that a chained log consists of: PATH, which is written to, and those before it,
// PATH.000001, PATH.000002.zst, ….
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace aspis {

inline constexpr std::string_view kCompressed = ".zst";

struct LogPart {
  std::string path;
  std::uint64_t number = 0;  ///< 0: the one that is written to
};

/// Those before PATH, the oldest first; with .zst, and without.
std::vector<LogPart> rotated_parts(const std::string& path);
/// Name of such a one, not compressed.
std::string part_name(const std::string& path, std::uint64_t number);

/// Calls `line` for each line of a file, compressed or not, without its newline; `whole` is false
/// for a last one that has none. Lines longer than 16 MiB are an error.
Result<> each_line(const std::string& file,
                   const std::function<void(std::string_view line, bool whole)>& line);

/// All of `bytes`, however many calls it takes; `name`: of the file, for errors.
Result<> write_bytes(int fd, std::string_view bytes, const std::string& name);

/// Puts `text` in the place of a file (0600): a reader finds the old one or this one.
Result<> replace_text(const std::string& file, const std::string& text);

}  // namespace aspis
