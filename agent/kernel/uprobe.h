// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace aspis {

struct UprobePlace {
  std::string path;             ///< of the file
  std::uint64_t offset = 0;     ///< of the instruction, in the file
  std::uint64_t semaphore = 0;  ///< offset of a USDT's semaphore in the file; 0: it has none
  bool at_return = false;       ///< where the function is left that begins there
};

/// Lets a loaded program run at a place of a file, in all processes that have it mapped or will;
/// `cookie` is what bpf_get_attach_cookie() tells it. As long as the link is open, or pinned, the
/// semaphore is raised. By the descriptor alone: also of a program that another process has loaded.
Result<Fd> attach_uprobe(int program_fd, const UprobePlace& place, std::uint64_t cookie);

}  // namespace aspis
