// SPDX-License-Identifier: Apache-2.0
#include "agent/event/utf8.h"

#include <algorithm>
#include <cstdint>

namespace aspis {
namespace {

struct Range {
  char32_t first, last;
};

constexpr Range kUnprintable[] = {
    {0x00, 0x1f},        // C0
    {0x7f, 0x9f},        // DEL, C1
    {0xad, 0xad},        // soft hyphen
    {0x61c, 0x61c},      // Arabic letter mark
    {0x180e, 0x180e},    // Mongolian vowel separator
    {0x200b, 0x200f},    // zero width, left-to-right and right-to-left marks
    {0x2028, 0x202e},    // line and paragraph separator, bidirectional embedding and override
    {0x2060, 0x206f},    // word joiner, bidirectional isolates, deprecated format characters
    {0xd800, 0xdfff},    // surrogates
    {0xfeff, 0xfeff},    // byte order mark
    {0xfff9, 0xfffb},    // interlinear annotation
    {0xe0000, 0xe0fff},  // tags, variation selectors
};

struct Lead {
  std::size_t bytes;
  char32_t bits;
  char32_t least;  ///< smallest value that needs so many bytes
};

Lead lead_of(std::uint8_t byte) {
  if (byte < 0x80) return {1, byte, 0};
  if (byte >= 0xc2 && byte < 0xe0) return {2, byte & 0x1fu, 0x80};
  if (byte >= 0xe0 && byte < 0xf0) return {3, byte & 0x0fu, 0x800};
  if (byte >= 0xf0 && byte < 0xf5) return {4, byte & 0x07u, 0x10000};
  return {0, 0, 0};
}

}  // namespace

Utf8Step next_utf8(std::string_view text) {
  auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const Utf8Step invalid{byte(0), 1, false};
  Lead lead = lead_of(byte(0));
  if (lead.bytes == 0 || lead.bytes > text.size()) return invalid;
  char32_t value = lead.bits;
  for (std::size_t i = 1; i < lead.bytes; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return invalid;
    value = value << 6 | (byte(i) & 0x3fu);
  }
  bool surrogate = value >= 0xd800 && value <= 0xdfff;
  if (value < lead.least || value > 0x10ffff || surrogate) return invalid;
  return {value, lead.bytes, true};
}

void append_utf8(std::string& out, char32_t c) {
  auto tail = [](char32_t bits) { return static_cast<char>(0x80 | (bits & 0x3f)); };
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += {static_cast<char>(0xc0 | (c >> 6)), tail(c)};
  } else if (c < 0x10000) {
    out += {static_cast<char>(0xe0 | (c >> 12)), tail(c >> 6), tail(c)};
  } else {
    out += {static_cast<char>(0xf0 | (c >> 18)), tail(c >> 12), tail(c >> 6), tail(c)};
  }
}

bool is_unprintable(char32_t c) {
  if (c >= 0x20 && c < 0x7f) return false;
  return std::any_of(std::begin(kUnprintable), std::end(kUnprintable),
                     [c](const Range& range) { return c >= range.first && c <= range.last; });
}

}  // namespace aspis
