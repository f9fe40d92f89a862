// SPDX-License-Identifier: Apache-2.0
// Text from programs on a terminal: escaped, and cut where it may be.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "agent/event/event.h"

namespace aspis {

/// Appends `bytes` so that nothing in it acts on a terminal or passes for a part of the line: \n,
/// \r, \t, \\,
/// \xXX for other control characters and for bytes that are not UTF-8, \u{XXXX} for C1,
/// bidirectional and invisible characters and for the arrow that stands before causes; a space
/// beside a space, at the start or at the end becomes \x20. The escapes are unambiguous.
void append_plain(std::string& out, std::string_view bytes);

/// Appends an argument of a command line: as append_plain, in single quotes when it is empty or has
/// spaces or quotes.
void append_word(std::string& out, std::string_view bytes);

/// Appends a Python value the way Python prints it: 'text', b'bytes', 12, None, ['a', 'b'], <dict>,
/// <unreadable>. At most about `limit` columns; what is left out is shown as "…".
void append_value(std::string& out, const Value& value, std::size_t limit);

/// Columns of UTF-8 text, counted in code points.
std::size_t columns(std::string_view text);

/// Cuts `out` after `limit` columns counted from byte `start`, and marks it with "…".
void elide(std::string& out, std::size_t start, std::size_t limit);

}  // namespace aspis
