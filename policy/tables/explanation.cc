// SPDX-License-Identifier: Apache-2.0
#include "policy/tables/explanation.h"

namespace aspis::policy {

std::vector<std::uint32_t> Explanation::matching(std::string_view bytes) const {
  std::uint32_t state = dfa.start;
  for (const char byte : bytes) {
    state = dfa.next(state, dfa.classes.of[static_cast<std::uint8_t>(byte)]);
  }
  const auto rules = dfa.accept_sets[dfa.accept[state]];
  return {rules.begin(), rules.end()};
}

}  // namespace aspis::policy
