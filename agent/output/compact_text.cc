// SPDX-License-Identifier: Apache-2.0
#include "agent/output/compact_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "agent/event/utf8.h"
#include "agent/event/value.h"

namespace aspis {
namespace {

constexpr char32_t kArrow = 0x2190;
constexpr std::string_view kEllipsis = "…";

void append_hex_byte(std::string& out, unsigned byte) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += {'\\', 'x', kHex[(byte >> 4) & 0xf], kHex[byte & 0xf]};
}

void append_escaped(std::string& out, char32_t c) {
  switch (c) {
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\\':
      out += "\\\\";
      return;
    default:
      break;
  }
  if (c < 0x20 || c == 0x7f) return append_hex_byte(out, c);
  if (c <= 0x10ffff && c != kArrow && !is_unprintable(c)) return append_utf8(out, c);
  char digits[8];
  char* end = std::to_chars(std::begin(digits), std::end(digits), static_cast<unsigned>(c), 16).ptr;
  out += "\\u{";
  out.append(digits, end);
  out += '}';
}

/// Bytes up to the first that needs a look.
std::size_t ordinary_prefix(std::string_view bytes) {
  std::size_t n = 0;
  while (n < bytes.size() && bytes[n] > ' ' && bytes[n] < 0x7f && bytes[n] != '\\') ++n;
  return n;
}

void append_str(std::string& out, const Value& value, std::size_t limit) {
  const std::size_t start = out.size();
  CodeUnits units = code_units(value);
  out += '\'';
  while (!units.bytes.empty() && out.size() - start <= limit) {
    const char32_t c = units.next();
    if (c == '\'') out += '\\';
    append_escaped(out, c);
  }
  if (!units.bytes.empty() || value.cut()) out += kEllipsis;
  out += '\'';
}

void append_bytes(std::string& out, const Value& value, std::size_t limit) {
  const std::size_t start = out.size();
  std::string_view rest = value.bytes;
  out += "b'";
  for (; !rest.empty() && out.size() - start <= limit; rest.remove_prefix(1)) {
    const auto byte = static_cast<unsigned char>(rest.front());
    if (byte == '\'') out += '\\';
    if (byte < 0x80) {
      append_escaped(out, byte);
    } else {
      append_hex_byte(out, byte);
    }
  }
  if (!rest.empty() || value.cut()) out += kEllipsis;
  out += '\'';
}

void append_items(std::string& out, const Value& value, std::size_t limit) {
  const bool tuple = value.type == ASPIS_VALUE_TUPLE;
  const std::size_t start = out.size();
  bool whole = !value.cut();
  out += tuple ? '(' : '[';
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    if (i > 0) out += ", ";
    const std::size_t used = out.size() - start;
    if (used >= limit) {
      whole = false;
      break;
    }
    append_value(out, value.items[i], limit - used);
  }
  if (!whole) out += kEllipsis;
  if (tuple && whole && value.items.size() == 1) out += ',';
  out += tuple ? ')' : ']';
}

void append_float(std::string& out, double number) {
  char digits[32];
  out.append(digits, std::to_chars(std::begin(digits), std::end(digits), number).ptr);
}

void append_int(std::string& out, const Value& value) {
  if ((value.flags & ASPIS_VALUE_NEGATIVE) != 0) out += '-';
  if (value.cut()) {
    out += kEllipsis;
  } else {
    out += std::to_string(value_magnitude(value));
  }
}

}  // namespace

void append_plain(std::string& out, std::string_view bytes) {
  bool after_space = true;  // the start counts as one
  while (!bytes.empty()) {
    if (const std::size_t ordinary = ordinary_prefix(bytes); ordinary > 0) {
      out += bytes.substr(0, ordinary);
      bytes.remove_prefix(ordinary);
      after_space = false;
      continue;
    }
    const Utf8Step step = next_utf8(bytes);
    bytes.remove_prefix(step.bytes);
    const bool space = step.value == ' ' && step.valid;
    if (!step.valid || (space && (after_space || bytes.empty()))) {
      append_hex_byte(out, step.value);
    } else {
      append_escaped(out, step.value);
    }
    after_space = space;
  }
}

void append_word(std::string& out, std::string_view bytes) {
  const bool quoted = bytes.empty() || bytes.find_first_of(" '\"") != std::string_view::npos;
  if (!quoted) return append_plain(out, bytes);
  out += '\'';
  for (std::size_t quote = 0; (quote = bytes.find('\'')) != std::string_view::npos;) {
    append_plain(out, bytes.substr(0, quote));
    out += "\\'";
    bytes.remove_prefix(quote + 1);
  }
  append_plain(out, bytes);
  out += '\'';
}

void append_value(std::string& out, const Value& value, std::size_t limit) {
  switch (value.type) {
    case ASPIS_VALUE_NONE:
      out += "None";
      break;
    case ASPIS_VALUE_BOOL:
      out += value_int(value) == 1 ? "True" : "False";
      break;
    case ASPIS_VALUE_INT:
      append_int(out, value);
      break;
    case ASPIS_VALUE_FLOAT:
      append_float(out, value_float(value));
      break;
    case ASPIS_VALUE_STR:
      append_str(out, value, limit);
      break;
    case ASPIS_VALUE_BYTES:
      append_bytes(out, value, limit);
      break;
    case ASPIS_VALUE_TUPLE:
    case ASPIS_VALUE_LIST:
      append_items(out, value, limit);
      break;
    case ASPIS_VALUE_OTHER:
      out += '<';
      append_plain(out, value.bytes);
      out += '>';
      break;
    default:
      out += "<unreadable>";
  }
}

std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

void elide(std::string& out, std::size_t start, std::size_t limit) {
  if (columns(std::string_view(out).substr(start)) <= limit) return;
  std::size_t end = start;
  for (std::size_t used = 0; used + 1 < limit && end < out.size(); ++used) {
    end += next_utf8(std::string_view(out).substr(end)).bytes;
  }
  out.resize(end);
  out += kEllipsis;
}

}  // namespace aspis
