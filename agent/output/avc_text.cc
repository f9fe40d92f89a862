// SPDX-License-Identifier: Apache-2.0
#include "agent/output/avc_text.h"

#include <algorithm>

#include "agent/output/names.h"

namespace aspis {
namespace {

constexpr std::string_view kHexDigits = "0123456789ABCDEF";

bool must_be_hex(char c) {
  return c == '"' || c < 0x21 || c > 0x7e;
}

}  // namespace

void append_key(std::string& out, std::string_view key) {
  out += ' ';
  out += key;
  out += '=';
}

void append_member(std::string& out, std::string_view key, std::uint64_t number) {
  append_key(out, key);
  append_decimal(out, number);
}

void append_quoted(std::string& out, std::string_view key, std::string_view text) {
  append_key(out, key);
  out += '"';
  out += text;
  out += '"';
}

void append_untrusted(std::string& out, std::string_view key, std::string_view text) {
  if (std::ranges::none_of(text, must_be_hex)) return append_quoted(out, key, text);
  append_key(out, key);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += kHexDigits[byte >> 4U];
    out += kHexDigits[byte & 15U];
  }
}

}  // namespace aspis
