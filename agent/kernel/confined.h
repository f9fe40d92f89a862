// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "agent/kernel/kernel_side.h"
#include "base/result.h"

namespace aspis {

/// A task that profiles confine.
struct Confined {
  std::uint32_t pid = 0, tid = 0;       ///< initial pid namespace
  std::vector<std::uint16_t> profiles;  ///< their ids
};

/// Every task of the machine that is confined now.
Result<std::vector<Confined>> confined_tasks(const KernelSide& side);

}  // namespace aspis
