// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "agent/kernel/kernel_side.h"
#include "agent/kernel/signed_store.h"
#include "base/result.h"
#include "bpf/abi/guard.h"
#include "bpf/abi/task.h"

namespace aspis {

using TidBits = std::uint32_t[ASPIS_TID_MAX / 32];

/// Variables of the BPF side that the agent uses; valid as long as the KernelSide.
struct Variables {
  volatile std::uint32_t* policy_root = nullptr;
  std::uint8_t *holding_ended = nullptr, *telling_again = nullptr;
  std::uint64_t *sequence = nullptr, *agent_seen = nullptr;
  std::uint32_t* self_tgid = nullptr;
  std::uint32_t *guard_round = nullptr, *guard_marked = nullptr;
  aspis_guarded_place* guard_marking = nullptr;
  TidBits* tracked_tids = nullptr;
  const std::uint8_t* attaching = nullptr;
  const std::uint32_t* arena_mask = nullptr;
  const PathKey* path_key = nullptr;

  /// Fails if one of them is not there, or of another size.
  static Result<Variables> of(KernelSide& side);
};

}  // namespace aspis
