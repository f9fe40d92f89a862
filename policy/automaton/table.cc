// SPDX-License-Identifier: Apache-2.0
#include "policy/automaton/table.h"

#include <span>
#include <string>

namespace aspis::automaton {

Result<Table> make_table(const MinimalDfa& dfa) {
  constexpr uint32_t kLargest = UINT16_MAX;
  if (dfa.states() > kLargest + 1) {
    return fail(
        "the rules together need " + std::to_string(dfa.states()) +
        " states, and a table holds 65536: use fewer rules with several **, or split the profile");
  }
  Table table;
  table.class_of = dfa.classes.of;
  table.width = static_cast<uint16_t>(dfa.classes.count + 1);
  table.start = static_cast<uint16_t>(dfa.start);
  table.rows.clear();
  table.rows.reserve(size_t{dfa.states()} * table.width);
  for (uint32_t state = 0; state < dfa.states(); ++state) {
    if (dfa.outcome[state] > kLargest) {
      return fail("a profile can have 65536 different outcomes, and this one has more");
    }
    const std::span row(dfa.next.data() + size_t{state} * dfa.classes.count, dfa.classes.count);
    table.rows.insert(table.rows.end(), row.begin(), row.end());
    table.rows.push_back(static_cast<uint16_t>(dfa.outcome[state]));
  }
  return table;
}

}  // namespace aspis::automaton
