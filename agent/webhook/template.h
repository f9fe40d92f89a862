// SPDX-License-Identifier: Apache-2.0
// What a webhook sends: JSON with placeholders, {{name}}.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/event/record.h"
#include "agent/output/compact.h"
#include "agent/output/json.h"
#include "base/result.h"

namespace aspis {

struct Placeholder {
  std::string_view name, meaning;
};

/// All that there are.
std::span<const Placeholder> placeholders();

/// As Slack and those that do as it does take it.
inline constexpr std::string_view kSlackTemplate = R"({"text": "{{slack}}{{times}}"})";

class WebhookTemplate {
 public:
  /// Fails with NAME:LINE:COLUMN of what is wrong: a placeholder that there is not, or text that is
  /// no JSON once they are filled.
  static Result<WebhookTemplate> read(std::string_view text, const std::string& name);
  /// The same of a file.
  static Result<WebhookTemplate> read_file(const std::string& path);

  /// What the placeholders stand for, of one record, as JSON without quotes.
  using Values = std::vector<std::string>;
  Values values(const Record& record, const FormatContext& context) const;
  /// `count`: events that this message tells of; `more`: how many of them are like the one that is
  /// shown, or was shown before.
  [[nodiscard]] std::string fill(const Values& values, std::uint64_t count,
                                 std::uint64_t more) const;

 private:
  struct Piece {
    std::string text;      ///< as it is, before the placeholder
    int placeholder = -1;  ///< of placeholders(); -1: none follows
  };
  std::vector<Piece> pieces_;
};

}  // namespace aspis
