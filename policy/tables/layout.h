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

/// A profile that attaches by itself: to paths and, with launches, only where Python runs one.
struct Attaching {
  std::uint16_t id = 0;
  const std::vector<std::string>* patterns = nullptr;
  const std::vector<CompiledLaunch>* launches = nullptr;  ///< empty: python=() was not written
};

/// The profiles of a policy that attach by themselves among the children of `parent`, or (empty)
/// among all.
std::vector<Attaching> attaching_below(const CompiledPolicy& policy, std::string_view parent,
                                       const IdOf& id_of);

/// A profile laid out for the address `base` (a multiple of ASPIS_ARENA_ALIGN), its aspis_profile
/// first. `children` are those that cx chooses among. Fails, as what follows, if the attachments of
/// all together need an automaton that is too large.
Result<Bytes> lay_out_profile(const CompiledProfile& profile, std::uint32_t base, const IdOf& id_of,
                              std::span<const Attaching> children);

/// A profile that can be asked for.
struct Named {
  std::string_view name;  ///< full
  std::uint16_t id = 0;
};

/// All of a policy.
std::vector<Named> names_of(const CompiledPolicy& policy, const IdOf& id_of);

/// The root, its aspis_policy_root first: `offsets` are the profiles' by id, 0 where none is
/// loaded.
Result<Bytes> lay_out_root(std::uint32_t generation, std::uint32_t base,
                           std::span<const std::uint32_t> offsets,
                           std::span<const Attaching> attaching, std::span<const Named> names);

/// A whole policy laid out at once, profiles numbered from 1 in their order: for the host.
struct Image {
  Bytes bytes;  ///< a power of two, and ASPIS_ARENA_SLACK
  std::uint32_t root = 0;
  std::vector<std::string> names;  ///< by id; names[0] is empty
};
Result<Image> lay_out(const CompiledPolicy& policy);

}  // namespace aspis::policy
