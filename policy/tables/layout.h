// SPDX-License-Identifier: Apache-2.0
// A compiled policy as bytes of the arena (bpf/abi/policy.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/tables/compiled.h"

namespace aspis::policy {

using Bytes = std::vector<std::byte>;

/// Id of a profile by its full name; 0: no such profile, now or ever.
using IdOf = std::function<std::uint16_t(std::string_view)>;

/// A profile of a policy laid out for the address `base` (a multiple of ASPIS_ARENA_ALIGN), its
/// aspis_profile first. Fails, as what follows, if the attachments of all together need an
/// automaton that is too large.
Result<Bytes> lay_out_profile(const CompiledPolicy& policy, const CompiledProfile& profile,
                              std::uint32_t base, const IdOf& id_of);

/// The root, its aspis_policy_root first: `offsets` are the profiles' by id, 0 where none is
/// loaded.
Result<Bytes> lay_out_root(const CompiledPolicy& policy, std::uint32_t generation,
                           std::uint32_t base, std::span<const std::uint32_t> offsets,
                           const IdOf& id_of);

/// A whole policy laid out at once, profiles numbered from 1 in their order: for the host.
struct Image {
  Bytes bytes;  ///< a power of two, and ASPIS_ARENA_SLACK
  std::uint32_t root = 0;
  std::vector<std::string> names;  ///< by id; names[0] is empty
};
Result<Image> lay_out(const CompiledPolicy& policy);

}  // namespace aspis::policy
