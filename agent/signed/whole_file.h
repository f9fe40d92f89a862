// SPDX-License-Identifier: Apache-2.0
// Small files, read and written as a whole.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace aspis {

/// All of a file of at most `limit` bytes.
Result<std::string> read_whole_file(const std::string& path, std::size_t limit);

/// Puts a file with this text where `path` is, of mode 0644, all at once: never half of it is
/// seen. "-" is standard output.
Result<> write_whole_file(const std::string& path, std::string_view text);

/// The same into a descriptor.
Result<> write_all(int fd, std::string_view text, const std::string& name);

}  // namespace aspis
