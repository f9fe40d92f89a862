// SPDX-License-Identifier: Apache-2.0
// How full the maps are, and what the programs cost: figures that the kernel keeps.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agent/kernel/kernel_side.h"

namespace aspis {

struct MapFigures {
  std::string name;
  std::uint64_t entries = 0, capacity = 0;
};

/// Both stay 0 while the sysctl kernel.bpf_stats_enabled is 0, as it is by default.
struct ProgramFigures {
  std::string name;
  std::uint64_t runs = 0, ns = 0;
};

struct KernelFigures {
  std::vector<MapFigures> maps;          ///< hash tables: others have no entries to count
  std::vector<ProgramFigures> programs;  ///< those that have run and were counted
  std::uint64_t memory =
      0;  ///< bytes locked for maps; "memlock" of bpftool, arrays and rings above all
};

/// Asks the kernel; entries are counted by reading the tables in batches, so that it takes a few
/// milliseconds at most. What cannot be asked for is left out.
KernelFigures kernel_figures(const KernelSide& side);

}  // namespace aspis
