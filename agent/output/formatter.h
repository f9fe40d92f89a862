// SPDX-License-Identifier: Apache-2.0
// From a record to a line of text. Every output format is a row of the table behind formatters().
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "agent/event/record.h"
#include "agent/output/clock.h"

namespace aspis {

/// What a formatter needs to know besides the record.
struct FormatContext {
  WallOffset wall_offset;
  bool colour = false;      ///< ANSI colours, where the format has any
  bool audit_class = true;  ///< avc: with class=, which the kernel's audit has from 6.2 on
};

/// Turns records into lines. Not thread-safe: an object belongs to one thread.
class Formatter {
 public:
  virtual ~Formatter() = default;
  /// Whether the format has a line for this record. What it has none for counts as filtered.
  [[nodiscard]] virtual bool shows(const Record& /*record*/) const { return true; }
  /// Appends exactly one line, '\n' included, whatever bytes the record holds. The format shows it.
  virtual void format(const Record& record, std::string& out) = 0;
};

struct FormatterInfo {
  std::string_view name;         ///< as in `-o NAME`
  std::string_view description;  ///< one line for --help
  std::unique_ptr<Formatter> (*make)(const FormatContext& context);
};

/// All formats, the default one first.
std::span<const FormatterInfo> formatters();

/// Row of a name; null when there is none.
const FormatterInfo* find_formatter(std::string_view name);

}  // namespace aspis
