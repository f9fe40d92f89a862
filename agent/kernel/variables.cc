// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/variables.h"

namespace aspis {

Result<Variables> Variables::of(KernelSide& side) {
  const Variables all{side.variable<std::uint32_t>("policy_root"),
                      side.variable<std::uint8_t>("holding_ended"),
                      side.variable<std::uint8_t>("telling_again"),
                      side.variable<std::uint64_t>("sequence"),
                      side.variable<std::uint64_t>("agent_seen"),
                      side.variable<std::uint32_t>("self_tgid"),
                      side.variable<std::uint32_t>("guard_round"),
                      side.variable<std::uint32_t>("guard_marked"),
                      side.variable<aspis_guarded_place>("guard_marking"),
                      side.variable<TidBits>("tracked_tids"),
                      side.constant<std::uint8_t>("attaching"),
                      side.constant<std::uint32_t>("arena_mask"),
                      side.constant<PathKey>("path_key")};
  if (all.policy_root == nullptr || all.holding_ended == nullptr || all.telling_again == nullptr ||
      all.sequence == nullptr || all.agent_seen == nullptr || all.self_tgid == nullptr ||
      all.guard_round == nullptr || all.guard_marked == nullptr || all.guard_marking == nullptr ||
      all.tracked_tids == nullptr || all.attaching == nullptr || all.arena_mask == nullptr ||
      all.path_key == nullptr)
    return fail("the BPF side lacks a variable");
  return all;
}

}  // namespace aspis
