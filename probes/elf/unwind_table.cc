// SPDX-License-Identifier: Apache-2.0
#include "probes/elf/unwind_table.h"

#include <cstring>
#include <utility>

namespace aspis::elf {
namespace {

// What comes before the entries: version, the encodings of three things, the address of .eh_frame
// and the number of entries, of 4 bytes each.
constexpr std::size_t kHeadSize = 12;
constexpr std::size_t kEntrySize = 8;  // of code and of its record, both relative to the header
constexpr char kHead[] = {
    1,     // version
    0x1b,  // address of .eh_frame: 4 bytes, relative to where it stands (DW_EH_PE_pcrel | sdata4)
    0x03,  // number of entries: 4 bytes (udata4)
    0x3b,  // entries: 4 bytes, relative to the header (DW_EH_PE_datarel | sdata4)
};

template <class T>
T load(std::string_view bytes, std::size_t at) {
  T value{};
  std::memcpy(&value, bytes.data() + at, sizeof(value));
  return value;
}

std::uint64_t relative(std::uint64_t to, std::int32_t distance) {
  return to + static_cast<std::uint64_t>(std::int64_t{distance});
}

}  // namespace

std::optional<UnwindTable> UnwindTable::read(const ElfFile& file) {
  auto header = file.segment(PT_GNU_EH_FRAME);
  if (!header || header->bytes.size() < kHeadSize ||
      std::memcmp(header->bytes.data(), kHead, sizeof(kHead)) != 0)
    return std::nullopt;
  const std::size_t entries = load<std::uint32_t>(header->bytes, 8);
  if (entries > (header->bytes.size() - kHeadSize) / kEntrySize) return std::nullopt;
  return UnwindTable(file, std::move(*header), entries);
}

std::uint64_t UnwindTable::word(std::size_t entry, std::size_t which) const {
  const std::size_t at = kHeadSize + entry * kEntrySize + which * sizeof(std::int32_t);
  return relative(header_.address, load<std::int32_t>(header_.bytes, at));
}

std::optional<Extent> UnwindTable::find(std::uint64_t address) const {
  std::size_t low = 0, high = entries_;  // those before `low` begin at or before the address
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (word(middle, 0) <= address)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == 0) return std::nullopt;
  // The record has the length: its own size, the distance to what it shares with others, then the
  // code's address relative to where that stands, and its size.
  constexpr std::size_t kRecordSize = 16;
  const std::uint64_t record = word(low - 1, 1);
  const auto bytes = file_->bytes_at(record, kRecordSize);
  if (!bytes || load<std::uint32_t>(*bytes, 0) < kRecordSize - 4 ||
      load<std::uint32_t>(*bytes, 4) == 0)
    return std::nullopt;
  const std::uint64_t begin = relative(record + 8, load<std::int32_t>(*bytes, 8));
  const Extent extent{begin, begin + load<std::uint32_t>(*bytes, 12)};
  if (begin != word(low - 1, 0) || !extent.contains(address)) return std::nullopt;
  return extent;
}

}  // namespace aspis::elf
