// SPDX-License-Identifier: Apache-2.0
// UTF-8, byte by byte, for text that may be anything.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace aspis {

/// What one step of next_utf8 found.
struct Utf8Step {
  char32_t value = 0;     ///< the code point; the byte itself when !valid
  std::size_t bytes = 1;  ///< bytes taken: 1 when !valid
  bool valid = true;
};

/// Decodes the first code point of `text`, which must not be empty. Overlong forms, surrogates and
/// values past U+10FFFF are invalid, as in Python's decoder.
Utf8Step next_utf8(std::string_view text);

/// Appends a code point, which must not be a surrogate.
void append_utf8(std::string& out, char32_t c);

/// Code points that could act on a terminal, a log viewer or a reader instead of being shown:
/// C0, DEL, C1, line and paragraph separators, bidirectional controls, invisible format characters.
bool is_unprintable(char32_t c);

}  // namespace aspis
