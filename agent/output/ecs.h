// SPDX-License-Identifier: Apache-2.0
// JSON with the field names of the Elastic Common Schema: docs/ecs.md, made from ecs_fields.h.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/output/compact.h"
#include "agent/output/formatter.h"
#include "agent/output/json.h"

namespace aspis {

/// One document a line, its members nested and sorted. It has all that the JSON line has. Text that
/// is not UTF-8, and lone surrogates, become U+FFFD: Elasticsearch refuses documents with them.
class EcsFormatter final : public Formatter {
 public:
  explicit EcsFormatter(const FormatContext& context);

  void format(const Record& record, std::string& out) override;

 private:
  struct Leaf {
    std::string path;   ///< "process.parent.pid"
    std::string value;  ///< JSON
  };
  void collect(std::string_view object, std::string& prefix, std::string_view kind);
  void place(std::string_view name, std::string_view value, std::string_view kind);
  void add(std::string_view path, std::string_view text);
  void add_event(const Record& record, std::string_view kind);
  void add_derived(const Record& record);

  JsonFormatter json_;
  CompactFormatter compact_;
  std::string host_;
  std::string line_, prefix_;  ///< kept for their memory, as is leaves_
  std::vector<Leaf> leaves_;
};

}  // namespace aspis
