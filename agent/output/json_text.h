// SPDX-License-Identifier: Apache-2.0
// Writing JSON by hand: events are written far more often than read.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace aspis {

/// Appends `bytes` as a JSON string. UTF-8 stays UTF-8; a byte that is not part of valid UTF-8
/// becomes the escape \udcXX, as Python's "surrogateescape" does; code points that is_unprintable()
/// names are escaped.
void append_json_string(std::string& out, std::string_view bytes);

/// Appends one code point inside a JSON string; surrogates are written as they are, \udXXX.
void append_json_code_point(std::string& out, char32_t c);

/// Appends one byte of a bytes object inside a JSON string: ASCII as itself, others as \u00XX.
void append_json_byte(std::string& out, unsigned char byte);

/// JSON with U+FFFD for surrogates that are no pair: many parsers refuse them.
std::string without_lone_surrogates(std::string_view json);

/// Writes objects and lists at the end of a string, with the commas where they belong.
/// In a list, and for the outermost value, pass "" as the key. Keys are trusted text.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  void open(std::string_view key = {}) { begin(key), out_ += '{'; }
  void close() { out_ += '}'; }
  void open_list(std::string_view key = {}) { begin(key), out_ += '['; }
  void close_list() { out_ += ']'; }

  /// Any bytes, as append_json_string.
  void text(std::string_view key, std::string_view bytes);
  void number(std::string_view key, std::uint64_t value);
  /// The member with `true` if `set`, otherwise nothing.
  void flag(std::string_view key, bool set);
  /// `json` is already JSON.
  void raw(std::string_view key, std::string_view json);
  /// Comma and key; the caller appends the value to out().
  void begin(std::string_view key);

  [[nodiscard]] std::string& out() { return out_; }

 private:
  std::string& out_;
};

}  // namespace aspis
