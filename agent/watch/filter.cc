// SPDX-License-Identifier: Apache-2.0
#include "agent/watch/filter.h"

#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "agent/event/kinds.h"

namespace aspis {
namespace {

constexpr std::array<std::string_view, 3> kVerdicts = {"allowed", "denied", "complain"};

bool any_glob(const std::vector<std::string>& globs, const std::string& text) {
  return std::any_of(globs.begin(), globs.end(), [&](const std::string& glob) {
    return ::fnmatch(glob.c_str(), text.c_str(), 0) == 0;
  });
}

bool event_passes(const std::vector<std::string>& globs, const Record& record) {
  if (globs.empty() || any_glob(globs, std::string(kind_info(record.kind).type))) return true;
  if (record.event == nullptr) return false;
  const auto* audit = record.event->as<PythonPayload>();
  return audit != nullptr && any_glob(globs, "python." + std::string(audit->name));
}

}  // namespace

bool verdict_exists(const std::string& name) {
  return std::find(kVerdicts.begin(), kVerdicts.end(), name) != kVerdicts.end();
}

bool Filter::passes(const Record& record) const {
  if (record.process == nullptr) return true;
  const Process& process = *record.process;
  if (!pids.empty() && std::find(pids.begin(), pids.end(), process.id.pid) == pids.end())
    return false;
  if (!exes.empty() && !any_glob(exes, process.exe)) return false;
  if (python_only && !process.python) return false;
  if (!event_passes(events, record)) return false;
  if (verdicts.empty()) return true;
  const unsigned verdict = record.event == nullptr ? 0 : record.event->head->verdict;
  return verdict < kVerdicts.size() &&
         std::find(verdicts.begin(), verdicts.end(), kVerdicts[verdict]) != verdicts.end();
}

}  // namespace aspis
