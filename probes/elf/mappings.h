// SPDX-License-Identifier: Apache-2.0
// The files that a process has in its memory (proc_pid_maps(5)).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/result.h"

namespace aspis::elf {

/// A part of a file in memory.
struct Mapping {
  std::uint64_t begin = 0, end = 0;  ///< addresses
  std::uint64_t offset = 0;          ///< in the file, of the byte at `begin`
  std::string permissions;           ///< "r-xp"
  std::string device;                ///< of the file, as the kernel writes it: "fe:01"
  std::uint64_t inode = 0;
  std::string path;  ///< as the process sees it; ends in " (deleted)" where it is

  [[nodiscard]] bool allows(char permission) const {
    return permissions.find(permission) != std::string::npos;
  }
};

/// Mappings of files, by address. Fails if there is no such process or it may not be read.
Result<std::vector<Mapping>> mappings_of(pid_t pid);

/// Addresses at which the byte at `offset` of a file stands, where `permission` (one of "rwx") is
/// given. `one`: any mapping of that file.
std::vector<std::uint64_t> addresses_of(std::span<const Mapping> mappings, const Mapping& one,
                                        std::uint64_t offset, char permission);

}  // namespace aspis::elf
