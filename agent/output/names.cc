// SPDX-License-Identifier: Apache-2.0
#include "agent/output/names.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <charconv>
#include <span>

#include "agent/output/name_tables.h"

namespace aspis {
namespace {

struct FlagTable {
  std::span<const NamedNumber> bits;
  std::uint64_t field = 0;    ///< bits that are a number, not flags of their own (O_ACCMODE)
  std::uint64_t ignored = 0;  ///< bits that say nothing
};

std::span<const NamedNumber> table_of(Names set) {
  switch (set) {
    case Names::kSignal:
      return kSignals;
    case Names::kCapability:
      return kCapabilities;
    case Names::kFamily:
      return kFamilies;
    case Names::kSocketType:
      return kSocketTypes;
    case Names::kProtocol:
      return kProtocols;
    case Names::kBpfCommand:
      return kBpfCommands;
    case Names::kReading:
      return kReadings;
    case Names::kLimit:
      return kLimits;
    case Names::kFileKind:
      return kFileKinds;
  }
  return {};
}

FlagTable table_of(Flags set) {
  switch (set) {
    case Flags::kOpen:
      return {kOpenFlags, O_ACCMODE, kLargeFile};
    case Flags::kProt:
      return {kProtFlags};
    case Flags::kMount:
      return {kMountFlags};
    case Flags::kUmount:
      return {kUmountFlags};
    case Flags::kPtrace:
      return {kPtraceFlags};
  }
  return {};
}

std::string_view find(std::span<const NamedNumber> table, std::uint64_t number) {
  for (const NamedNumber& row : table) {
    if (row.number == number) return row.name;
  }
  return {};
}

void append_number(std::string& out, std::uint64_t number, int base) {
  char digits[24];
  out.append(digits, std::to_chars(std::begin(digits), std::end(digits), number, base).ptr);
}

/// Appends "|NAME"; the caller drops the first bar.
void append_item(std::string& out, std::string_view name) {
  out += '|';
  out += name;
}

}  // namespace

std::string_view name_of(Names set, std::uint64_t number) {
  return find(table_of(set), number);
}

void append_name(std::string& out, Names set, std::uint64_t number) {
  if (std::string_view name = name_of(set, number); !name.empty()) {
    out += name;
  } else if (set == Names::kSignal && number > kFirstRealTimeSignal && number <= kLastSignal) {
    out += "SIGRTMIN+";
    append_decimal(out, number - kFirstRealTimeSignal);
  } else {
    append_decimal(out, number);
  }
}

void append_flags(std::string& out, Flags set, std::uint64_t bits) {
  const FlagTable table = table_of(set);
  const std::size_t start = out.size();
  bits &= ~table.ignored;
  if (table.field != 0) {
    std::string_view name = find(table.bits, bits & table.field);
    if (!name.empty()) {
      append_item(out, name);
      bits &= ~table.field;
    }
  }
  for (const NamedNumber& row : table.bits) {
    if ((row.number & table.field) != 0 || row.number == 0) continue;
    if ((bits & row.number) != row.number) continue;
    append_item(out, row.name);
    bits &= ~row.number;
  }
  if (bits != 0) {
    append_item(out, {});
    append_hex(out, bits);
  }
  if (out.size() == start) {
    out += '0';
  } else {
    out.erase(start, 1);
  }
}

void append_decimal(std::string& out, std::uint64_t number) {
  append_number(out, number, 10);
}

void append_hex(std::string& out, std::uint64_t number) {
  out += "0x";
  append_number(out, number, 16);
}

void append_octal(std::string& out, std::uint64_t number) {
  if (number < 0100)
    out += number < 010 ? "000" : "00";
  else
    out += '0';
  append_number(out, number, 8);
}

}  // namespace aspis
