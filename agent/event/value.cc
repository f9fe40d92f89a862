// SPDX-License-Identifier: Apache-2.0
#include "agent/event/value.h"

#include <algorithm>

#include "agent/event/utf8.h"

namespace aspis {
namespace {

template <class T>
T read_as(std::string_view bytes) {
  T out{};
  bytes.copy(reinterpret_cast<char*>(&out), sizeof(out));
  return out;
}

constexpr char32_t kReplacement = 0xfffd;
// What os.fsdecode makes of a byte that is not UTF-8 (PEP 383), less the byte.
constexpr char32_t kInvalidByte = 0xdc00;

void append_fsencoded(std::string& out, char32_t c) {
  if (c >= 0xdc80 && c <= 0xdcff) {
    out += static_cast<char>(c - 0xdc00);
  } else if ((c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff) {
    append_utf8(out, kReplacement);
  } else {
    append_utf8(out, c);
  }
}

}  // namespace

char32_t CodeUnits::next() {
  char32_t c = 0;
  if (unit == 0) {
    const Utf8Step step = next_utf8(bytes);
    bytes.remove_prefix(step.bytes);
    return step.valid ? step.value : kInvalidByte + step.value;
  }
  if (unit == 4) {
    c = read_as<char32_t>(bytes);
  } else if (unit == 2) {
    c = read_as<char16_t>(bytes);
  } else {
    c = static_cast<unsigned char>(bytes.front());
  }
  bytes.remove_prefix(std::min<std::size_t>(unit, bytes.size()));
  return c;
}

CodeUnits code_units(const Value& value) {
  unsigned unit = value.flags & ASPIS_VALUE_KIND;
  return {value.bytes, unit == 0 || unit == 2 || unit == 4 ? unit : 1};
}

std::uint64_t value_magnitude(const Value& value) {
  return value.type == ASPIS_VALUE_INT ? read_as<std::uint64_t>(value.bytes) : 0;
}

std::optional<std::int64_t> value_int(const Value& value) {
  if (value.type == ASPIS_VALUE_BOOL) {
    return read_as<std::uint8_t>(value.bytes) != 0;
  }
  if (value.type != ASPIS_VALUE_INT || value.cut()) return std::nullopt;
  std::uint64_t magnitude = value_magnitude(value);
  bool negative = (value.flags & ASPIS_VALUE_NEGATIVE) != 0;
  if (magnitude > static_cast<std::uint64_t>(INT64_MAX) + (negative ? 1 : 0)) return std::nullopt;
  return static_cast<std::int64_t>(negative ? 0 - magnitude : magnitude);
}

double value_float(const Value& value) {
  return value.type == ASPIS_VALUE_FLOAT ? read_as<double>(value.bytes) : 0;
}

std::optional<std::string> value_fsencode(const Value& value) {
  if (value.type == ASPIS_VALUE_BYTES) return std::string(value.bytes);
  if (value.type != ASPIS_VALUE_STR) return std::nullopt;
  std::string out;
  for (CodeUnits units = code_units(value); !units.bytes.empty();) {
    append_fsencoded(out, units.next());
  }
  return out;
}

}  // namespace aspis
