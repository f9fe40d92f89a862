// SPDX-License-Identifier: Apache-2.0
// A place of the agent's own in the file system.
#pragma once

#include <string>

namespace aspis {

struct GuardedPlace {
  enum class Extent {
    kFile,   ///< the file, or the symbolic link and what it leads to
    kTree,   ///< a directory with all that is below it
    kParts,  ///< the file, and those beside it whose names go on with a dot: logs, rotated
  };
  std::string path;  ///< an absolute one
  Extent extent = Extent::kFile;
};

}  // namespace aspis
