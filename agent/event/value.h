// SPDX-License-Identifier: Apache-2.0
// Reading the scalars of an audit event's arguments.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "agent/event/event.h"

namespace aspis {

/// A code point of a Python str, and where the next one starts.
/// Lone surrogates are code points like any other there.
struct CodeUnits {
  std::string_view bytes;  ///< what is left
  unsigned unit = 1;       ///< bytes of a code unit: 1, 2 or 4; 0: UTF-8

  /// Takes the next one off; call only while !bytes.empty().
  char32_t next();
};

/// The code units of a str value.
CodeUnits code_units(const Value& value);

/// Magnitude of an int; of a cut one its low 64 bits. 0 for other types.
std::uint64_t value_magnitude(const Value& value);

/// An int, or a bool, that fits and was not cut.
std::optional<std::int64_t> value_int(const Value& value);

/// The double of a float value; 0 for other types.
double value_float(const Value& value);

/// What a str or bytes value names as a path or other system string: UTF-8, with U+DC80..U+DCFF
/// back as single bytes (os.fsencode). Empty for other types; other lone surrogates become U+FFFD.
std::optional<std::string> value_fsencode(const Value& value);

}  // namespace aspis
