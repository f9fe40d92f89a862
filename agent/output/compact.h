// SPDX-License-Identifier: Apache-2.0
// One short line an event, for a person at a terminal.
#pragma once

#include "agent/output/clock.h"
#include "agent/output/formatter.h"

namespace aspis {

/// "12:00:00.123 open /etc/passwd  by cat[812] ← subprocess.Popen ← python3[799]"
///
/// Time is local. The verdict stands after the object when it is not "allowed", and so do UNAUDITED
/// and MISMATCH. Bytes that could act on a terminal are escaped. Python values are cut with "…" to
/// keep a line near 200 columns; paths that the kernel saw never are.
class CompactFormatter final : public Formatter {
 public:
  explicit CompactFormatter(const FormatContext& context)
      : context_(context), clock_(context.wall_offset) {}

  void format(const Record& record, std::string& out) override;

 private:
  FormatContext context_;
  LocalClock clock_;
  std::string suffix_;  ///< kept for its memory
};

}  // namespace aspis
