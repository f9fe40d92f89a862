// SPDX-License-Identifier: Apache-2.0
#include "agent/output/formatter.h"

#include <algorithm>

#include "agent/output/avc.h"
#include "agent/output/compact.h"
#include "agent/output/ecs.h"
#include "agent/output/json.h"

namespace aspis {
namespace {

template <class T>
std::unique_ptr<Formatter> make(const FormatContext& context) {
  return std::make_unique<T>(context);
}

constexpr FormatterInfo kFormatters[] = {
    {"compact", "one short line an event, for a person", make<CompactFormatter>},
    {"json", "one JSON object a line, for programs (docs/events.md)", make<JsonFormatter>},
    {"ecs", "the same with the names of the Elastic Common Schema (docs/ecs.md)",
     make<EcsFormatter>},
    {"avc", "denials and audited accesses only, as AppArmor logs them", make<AvcFormatter>},
};

}  // namespace

std::span<const FormatterInfo> formatters() {
  return kFormatters;
}

const FormatterInfo* find_formatter(std::string_view name) {
  const auto* row = std::ranges::find(kFormatters, name, &FormatterInfo::name);
  return row == std::end(kFormatters) ? nullptr : row;
}

}  // namespace aspis
