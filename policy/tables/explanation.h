// SPDX-License-Identifier: Apache-2.0
// Which rules match a string: for people, not for the kernel.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "policy/automaton/dfa.h"
#include "policy/tables/access.h"

namespace aspis::policy {

/// An automaton before minimisation, which still knows each rule.
struct Explanation {
  automaton::Dfa dfa;
  std::vector<Access> accesses;

  /// The rules that match these bytes, in the order of the text.
  [[nodiscard]] std::vector<std::uint32_t> matching(std::string_view bytes) const;
};

/// The two of a profile, and those of its packages in their order.
struct ProfileExplanation {
  Explanation file, rules;
  std::vector<ProfileExplanation> packages;
};

}  // namespace aspis::policy
