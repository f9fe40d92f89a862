// SPDX-License-Identifier: Apache-2.0
// The agent's memory in the kernel (bpf/abi/kept.h): what the next agent needs of this one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "bpf/abi/kept.h"

namespace aspis {

/// Slots that are written whole or not at all: a writer that is killed leaves its slot empty, and
/// it writes only into one that nobody needs.
class KeptState {
 public:
  KeptState() = default;
  KeptState(const KeptState&) = delete;
  KeptState& operator=(const KeptState&) = delete;
  ~KeptState();

  /// Maps the map agent_state.
  Result<> open(int map_fd);

  /// Fails, and leaves the slot as it is, if that is more than a slot holds.
  Result<> write(unsigned slot, std::uint64_t generation, std::string_view bytes);
  /// What is in a slot for this generation; fails if it has that of another, or none. Valid until
  /// the slot is written.
  [[nodiscard]] Result<std::span<const std::byte>> read(unsigned slot,
                                                        std::uint64_t generation) const;

 private:
  [[nodiscard]] aspis_kept* at(unsigned slot) const;

  std::byte* memory_ = nullptr;
  std::size_t bytes_ = 0;  ///< mapped
  std::size_t slot_ = 0;   ///< of each slot, its head included
};

}  // namespace aspis
