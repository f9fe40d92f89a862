// SPDX-License-Identifier: Apache-2.0
#include "agent/history/json_filter.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "agent/event/kinds.h"

namespace aspis {
namespace {

using nlohmann::json;

std::string text(const json& record, const char* key) {
  const auto found = record.find(key);
  return found != record.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool flag(const json& record, const char* key) {
  const auto found = record.find(key);
  return found != record.end() && found->is_boolean() && found->get<bool>();
}

}  // namespace

bool passes(const Filter& filter, const json& record) {
  const std::string type = text(record, "type"), verdict = text(record, "verdict");
  const auto process = record.find("process");
  if (process == record.end() || !process->is_object() ||
      type == kind_info(ASPIS_ASPIS_TAMPER).type)
    return true;
  const bool reported =
      flag(record, "audited") ||
      (!verdict.empty() && verdict != kVerdicts[ASPIS_VERDICT_ALLOWED] && !flag(record, "quiet"));
  if (filter.denials_only && !reported) return false;
  if (filter.python_only && !flag(*process, "python")) return false;
  const auto python = record.find("python");
  const std::string event =
      python != record.end() && python->is_object() ? text(*python, "event") : std::string();
  if (!event_glob_matches(filter.events, type, event)) return false;
  return filter.verdicts.empty() ||
         std::ranges::find(filter.verdicts, verdict.empty() ? std::string(kVerdicts[0])
                                                            : verdict) != filter.verdicts.end();
}

}  // namespace aspis
