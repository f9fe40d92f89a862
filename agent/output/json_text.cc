// SPDX-License-Identifier: Apache-2.0
#include "agent/output/json_text.h"

#include <array>
#include <charconv>

#include "agent/event/utf8.h"

namespace aspis {
namespace {

/// Bytes that stand for themselves in a JSON string: printable ASCII but the quote and the
/// backslash.
constexpr std::array<bool, 256> kPlain = [] {
  std::array<bool, 256> plain{};
  for (unsigned c = 0x20; c < 0x7f; ++c) plain[c] = c != '"' && c != '\\';
  return plain;
}();

std::size_t plain_prefix(std::string_view bytes) {
  std::size_t n = 0;
  while (n < bytes.size() && kPlain[static_cast<unsigned char>(bytes[n])]) ++n;
  return n;
}

void append_escape(std::string& out, unsigned unit) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += kHex[(unit >> shift) & 0xf];
}

/// The escapes of one letter; 0: none.
char short_escape(char32_t c) {
  switch (c) {
    case '"':
    case '\\':
      return static_cast<char>(c);
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    default:
      return 0;
  }
}

/// The code unit of an escape \uXXXX, 0 if there is none.
unsigned escaped_unit(std::string_view json, std::size_t at) {
  if (at + 6 > json.size() || json[at] != '\\' || json[at + 1] != 'u') return 0;
  unsigned unit = 0;
  for (const char c : json.substr(at + 2, 4))
    unit = unit * 16 + static_cast<unsigned>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
  return unit;
}

}  // namespace

void append_json_code_point(std::string& out, char32_t c) {
  if (char letter = short_escape(c)) {
    out += {'\\', letter};
  } else if (c > 0x10ffff) {
    append_escape(out, 0xfffd);
  } else if (!is_unprintable(c)) {
    append_utf8(out, c);
  } else if (c > 0xffff) {
    append_escape(out, 0xd800 + ((c - 0x10000) >> 10));
    append_escape(out, 0xdc00 + ((c - 0x10000) & 0x3ff));
  } else {
    append_escape(out, c);
  }
}

void append_json_byte(std::string& out, unsigned char byte) {
  if (byte < 0x80) {
    append_json_code_point(out, byte);
  } else {
    append_escape(out, byte);
  }
}

void append_json_string(std::string& out, std::string_view bytes) {
  out += '"';
  while (!bytes.empty()) {
    std::size_t plain = plain_prefix(bytes);
    out += bytes.substr(0, plain);
    bytes.remove_prefix(plain);
    if (bytes.empty()) break;
    Utf8Step step = next_utf8(bytes);
    append_json_code_point(out, step.valid ? step.value : 0xdc00 + step.value);
    bytes.remove_prefix(step.bytes);
  }
  out += '"';
}

std::string without_lone_surrogates(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  for (std::size_t at = 0; at < json.size();) {
    const unsigned unit = escaped_unit(json, at);
    if (unit >= 0xd800 && unit < 0xdc00) {
      const unsigned low = escaped_unit(json, at + 6);
      const bool pair = low >= 0xdc00 && low < 0xe000;
      out += pair ? json.substr(at, 12) : "\\ufffd";
      at += pair ? 12 : 6;
    } else if (unit >= 0xdc00 && unit < 0xe000) {
      out += "\\ufffd";
      at += 6;
    } else if (json[at] == '\\') {
      out += json.substr(at, 2);
      at += 2;
    } else {
      out += json[at++];
    }
  }
  return out;
}

void JsonWriter::begin(std::string_view key) {
  char last = out_.empty() ? '{' : out_.back();
  if (last != '{' && last != '[' && last != '\n') out_ += ',';
  if (key.empty()) return;
  out_ += '"';
  out_ += key;
  out_ += "\":";
}

void JsonWriter::text(std::string_view key, std::string_view bytes) {
  begin(key);
  append_json_string(out_, bytes);
}

void JsonWriter::number(std::string_view key, std::uint64_t value) {
  begin(key);
  char digits[20];
  out_.append(digits, std::to_chars(std::begin(digits), std::end(digits), value).ptr);
}

void JsonWriter::flag(std::string_view key, bool set) {
  if (set) raw(key, "true");
}

void JsonWriter::raw(std::string_view key, std::string_view json) {
  begin(key);
  out_ += json;
}

}  // namespace aspis
