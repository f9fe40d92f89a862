// SPDX-License-Identifier: Apache-2.0
// Paths that the tracepoint backend could only compose from a directory and a string.
#pragma once

#include <cstdint>
#include <string>

#include "agent/event/event.h"

namespace aspis {

/// Resolves the directory part of an ASPIS_PATH_LEXICAL path through the links that are there now,
/// in the root of process `pid` (initial pid namespace). On success `path.text` points into
/// `storage` and the flag is gone; if the process or the directory is gone, nothing changes. The
/// last component stays as it is: it names what was made or removed. Up to four system calls.
void resolve_lexical(std::uint32_t pid, Path& path, std::string& storage);

}  // namespace aspis
