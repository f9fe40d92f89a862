// SPDX-License-Identifier: Apache-2.0
#include "policy/automaton/table.h"

#include <span>
#include <string>

#include "policy/automaton/sequence_pool.h"

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
  table.classes = static_cast<uint16_t>(dfa.classes.count);
  table.start = static_cast<uint16_t>(dfa.start);
  SequencePool rows;
  for (uint32_t state = 0; state < dfa.states(); ++state) {
    if (dfa.outcome[state] > kLargest) {
      return fail("a profile can have 65536 different outcomes, and this one has more");
    }
    table.outcome_of.push_back(static_cast<uint16_t>(dfa.outcome[state]));
    const std::span row(dfa.next.data() + size_t{state} * dfa.classes.count, dfa.classes.count);
    const auto [id, is_new] = rows.intern(row);
    table.row_of.push_back(static_cast<uint16_t>(id));
    if (is_new) table.next.insert(table.next.end(), row.begin(), row.end());
  }
  return table;
}

}  // namespace aspis::automaton
