// SPDX-License-Identifier: Apache-2.0
#include "agent/history/json_filter.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "agent/event/kinds.h"
#include "agent/output/json_members.h"

namespace aspis {
using nlohmann::json;

bool passes(const Filter& filter, const json& record) {
  const std::string type = text_of(record, "type"), verdict = text_of(record, "verdict");
  if (type == kind_info(ASPIS_ASPIS_AGENT).type)
    return !filter.denials_only && !filter.python_only && filter.verdicts.empty() &&
           event_glob_matches(filter.events, type, "");
  const auto process = record.find("process");
  if (process == record.end() || !process->is_object() ||
      type == kind_info(ASPIS_ASPIS_TAMPER).type)
    return true;
  const bool reported = flag_of(record, "audited") ||
                        (!verdict.empty() && verdict != kVerdicts[ASPIS_VERDICT_ALLOWED] &&
                         !flag_of(record, "quiet"));
  if (filter.denials_only && !reported) return false;
  if (filter.python_only && !flag_of(*process, "python")) return false;
  const auto python = record.find("python");
  const std::string event =
      python != record.end() && python->is_object() ? text_of(*python, "event") : std::string();
  if (!event_glob_matches(filter.events, type, event)) return false;
  return filter.verdicts.empty() ||
         std::ranges::find(filter.verdicts, verdict.empty() ? std::string(kVerdicts[0])
                                                            : verdict) != filter.verdicts.end();
}

}  // namespace aspis
