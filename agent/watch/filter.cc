// SPDX-License-Identifier: Apache-2.0
#include "agent/watch/filter.h"

#include <fnmatch.h>

#include <algorithm>
#include <string_view>

#include "agent/event/kinds.h"

namespace aspis {
namespace {

constexpr std::string_view kAudit = "python.";

bool any_glob(const std::vector<std::string>& globs, const std::string& text) {
  return std::any_of(globs.begin(), globs.end(), [&](const std::string& glob) {
    return ::fnmatch(glob.c_str(), text.c_str(), 0) == 0;
  });
}

bool event_passes(const std::vector<std::string>& globs, const Record& record) {
  if (globs.empty()) return true;
  const auto* audit = record.event == nullptr ? nullptr : record.event->as<PythonPayload>();
  return event_glob_matches(globs, std::string(kind_info(record.kind).type),
                            audit == nullptr ? std::string() : std::string(audit->name));
}

}  // namespace

bool event_glob_matches(const std::vector<std::string>& globs, const std::string& type,
                        const std::string& audit) {
  return globs.empty() || any_glob(globs, type) ||
         (!audit.empty() && any_glob(globs, std::string(kAudit) + audit));
}

bool event_glob_can_match(const std::string& glob) {
  const std::string literal = glob.substr(0, glob.find_first_of("*?[\\"));
  if (literal.starts_with(kAudit) || (literal.size() < glob.size() && kAudit.starts_with(literal)))
    return true;
  return std::any_of(kKinds.begin(), kKinds.end(), [&](const KindInfo& kind) {
    return any_glob({glob}, std::string(kind.type));
  });
}

bool Filter::passes(const Record& record) const {
  // What says that the rest cannot be relied on is not for leaving out.
  if (record.kind == ASPIS_ASPIS_AGENT)
    return !denials_only && !python_only && verdicts.empty() && event_passes(events, record);
  if (record.process == nullptr || record.kind == ASPIS_ASPIS_TAMPER) return true;
  if (denials_only &&
      (record.event == nullptr || (record.event->head->flags & ASPIS_F_REPORTED) == 0))
    return false;
  const Process& process = *record.process;
  if (python_only && !process.python) return false;
  if (!event_passes(events, record)) return false;
  if (verdicts.empty()) return true;
  const unsigned verdict = record.event == nullptr ? 0 : record.event->head->verdict;
  return verdict < kVerdicts.size() &&
         std::find(verdicts.begin(), verdicts.end(), kVerdicts[verdict]) != verdicts.end();
}

}  // namespace aspis
