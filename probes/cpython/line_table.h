// SPDX-License-Identifier: Apache-2.0
// From a place in a code object's instructions to a line of its source.
#pragma once

#include <optional>
#include <string_view>

namespace aspis::cpython {

/// A code object's line table, and what it takes to read it.
struct LineTable {
  int minor = 0;  ///< of CPython 3: co_lnotab up to 3.9, co_linetable of PEP 626 in 3.10, from 3.11
                  ///< on the location table
  int first_line = 0;  ///< co_firstlineno
  std::string_view bytes;
  bool cut = false;  ///< there is more of it
};

/// The line of the instruction at byte `lasti`, as CPython's own tracebacks give it; before the
/// first instruction (negative) the first line. Nothing: the instruction belongs to no line, or
/// what would tell is not there. Safe for any bytes.
std::optional<int> line_of(const LineTable& table, int lasti);

}  // namespace aspis::cpython
