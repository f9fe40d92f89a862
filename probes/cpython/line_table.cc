// SPDX-License-Identifier: Apache-2.0
#include "probes/cpython/line_table.h"

#include <cstddef>
#include <cstdint>

namespace aspis::cpython {
namespace {

std::uint8_t byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint8_t>(bytes[at]);
}

int signed_at(std::string_view bytes, std::size_t at) {
  const int value = byte_at(bytes, at);
  return value < 128 ? value : value - 256;
}

// A table may hold any numbers: sums must not overflow.
int add(int line, std::int64_t step) {
  return static_cast<int>(static_cast<std::uint32_t>(line) + static_cast<std::uint32_t>(step));
}

// Pairs: bytes of code (unsigned), then lines (signed). A line begins behind its pair's bytes.
std::optional<int> from_lnotab(const LineTable& table, int lasti) {
  int line = table.first_line;
  std::int64_t address = 0;
  for (std::size_t at = 0; at + 1 < table.bytes.size(); at += 2) {
    address += byte_at(table.bytes, at);
    if (address > lasti) return line;
    line = add(line, signed_at(table.bytes, at + 1));
  }
  if (table.cut) return std::nullopt;
  return line;
}

// PEP 626. Pairs: bytes of code that the pair is about, then lines since the one before; -128: they
// have none.
std::optional<int> from_line_pairs(const LineTable& table, int lasti) {
  constexpr int kNoLine = -128;
  int line = table.first_line;
  std::int64_t end = 0;
  for (std::size_t at = 0; at + 1 < table.bytes.size(); at += 2) {
    end += byte_at(table.bytes, at);
    const int step = signed_at(table.bytes, at + 1);
    if (step != kNoLine) line = add(line, step);
    if (lasti < end) return step == kNoLine ? std::nullopt : std::optional<int>(line);
  }
  return std::nullopt;
}

// Entries of the location table (Objects/locations.md in CPython's source).
class Locations {
 public:
  explicit Locations(std::string_view bytes) : bytes_(bytes) {}

  // Goes to the next entry; false at the end of the table.
  bool next() {
    if (at_ >= bytes_.size()) return false;
    const std::uint8_t head = byte_at(bytes_, at_++);
    length = ((head & 7) + 1) * 2;
    const int code = head >> 3 & 15;
    has_line = code != kNone;
    step = 0;
    if (code == kNone) return true;
    if (code == kLong) {
      step = take_signed();
      for (int i = 0; i < 3; ++i) take();  // end line, columns
    } else if (code == kNoColumns) {
      step = take_signed();
    } else if (code >= kOneLine) {
      step = code - kOneLine;
      at_ += 2;
    } else {
      at_ += 1;
    }
    return true;
  }

  // The entry at hand was the last, of which bytes may be missing.
  [[nodiscard]] bool at_end() const { return at_ >= bytes_.size(); }

  int length = 0;         // bytes of code
  bool has_line = false;  // of this entry
  std::int64_t step = 0;  // lines since the entry before

 private:
  static constexpr int kOneLine = 10, kNoColumns = 13, kLong = 14, kNone = 15;

  // Six bits a byte, the lowest first; bit 6 says that there are more.
  std::uint32_t take() {
    std::uint32_t value = 0;
    for (unsigned shift = 0; at_ < bytes_.size(); shift += 6) {
      const std::uint8_t part = byte_at(bytes_, at_++);
      if (shift < 32) value |= static_cast<std::uint32_t>(part & 63) << shift;
      if ((part & 64) == 0) break;
    }
    return value;
  }

  std::int64_t take_signed() {
    const std::uint32_t value = take();
    const auto magnitude = static_cast<std::int64_t>(value >> 1);
    return (value & 1) != 0 ? -magnitude : magnitude;
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
};

std::optional<int> from_locations(const LineTable& table, int lasti) {
  int line = table.first_line;
  std::int64_t end = 0;
  Locations entries(table.bytes);
  while (entries.next()) {
    end += entries.length;
    line = add(line, entries.step);
    if (table.cut && entries.at_end()) break;
    if (lasti < end) return entries.has_line ? std::optional<int>(line) : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

std::optional<int> line_of(const LineTable& table, int lasti) {
  if (lasti < 0) return table.first_line;
  if (table.minor <= 9) return from_lnotab(table, lasti);
  if (table.minor == 10) return from_line_pairs(table, lasti);
  return from_locations(table, lasti);
}

}  // namespace aspis::cpython
