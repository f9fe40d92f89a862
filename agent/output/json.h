// SPDX-License-Identifier: Apache-2.0
// One JSON object a line. The fields are documented in docs/events.md, made from fields.h.
#pragma once

#include "agent/output/clock.h"
#include "agent/output/formatter.h"
#include "agent/output/json_text.h"

namespace aspis {

class JsonFormatter final : public Formatter {
 public:
  explicit JsonFormatter(const FormatContext& context)
      : context_(context), clock_(context.wall_offset) {}

  void format(const Record& record, std::string& out) override;

 private:
  void append_head(const Record& record, JsonWriter& json);

  FormatContext context_;
  UtcClock clock_;
};

}  // namespace aspis
