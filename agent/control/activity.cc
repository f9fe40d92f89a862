// SPDX-License-Identifier: Apache-2.0
#include "agent/control/activity.h"

namespace aspis {

Activity::Json Activity::Counts::json() const {
  return {{"events", events}, {"denied", denied}, {"complained", complained}};
}

void Activity::Counts::add(const Record& record) {
  ++events;
  if (record.event == nullptr) return;
  const auto verdict = record.event->head->verdict;
  denied += verdict == ASPIS_VERDICT_DENIED;
  complained += verdict == ASPIS_VERDICT_COMPLAIN;
}

void Activity::emit(const Record& record) {
  if (record.loss != nullptr && record.kind == ASPIS_ASPIS_GAP) lost_ += record.loss->total();
  if (record.process == nullptr) return;
  all_.add(record);
  const ProcessId id = record.process->id;
  Row* row = processes_.find(id);
  if (row == nullptr) row = &processes_.insert(id, {});
  row->process = record.process;
  if (record.container) row->container = record.container;
  row->counts.add(record);
  if (record.event != nullptr) row->profile = record.profile;
  if (!record.profile.empty() &&
      (profiles_.size() < kProfilesMax || profiles_.contains(record.profile)))
    profiles_[record.profile].add(record);
  if (record.event != nullptr && (record.event->head->flags & ASPIS_F_REPORTED) != 0 &&
      formatter_->shows(record)) {
    if (reported_.size() == kReportedMax) reported_.pop_front();
    Reported& last = reported_.emplace_back(Reported{id.pid, record.profile, {}});
    formatter_->format(record, last.line);
    while (last.line.ends_with('\n')) last.line.pop_back();
  }
  if (record.kind == ASPIS_PROCESS_EXIT) processes_.erase(id);
}

Activity::Json Activity::snapshot(std::uint64_t now, std::size_t limit) {
  Json processes = Json::array(), profiles = Json::object();
  processes_.for_each([&](const ProcessId& id, const Row& row) {
    if (processes.size() >= limit) return;
    Json one = {{"pid", id.pid},
                {"start", id.start},
                {"exe", row.process->exe},
                {"profile", row.profile},
                {"python", row.process->python},
                {"counts", row.counts.json()}};
    if (row.container)
      one["container"] =
          row.container->name.empty() ? row.container->id.substr(0, 12) : row.container->name;
    processes.push_back(std::move(one));
  });
  for (const auto& [name, counts] : profiles_) profiles[name] = counts.json();
  return {{"time", now},
          {"counts", all_.json()},
          {"lost", lost_},
          {"processes", std::move(processes)},
          {"profiles", std::move(profiles)}};
}

Activity::Json Activity::recent(std::uint32_t pid, const std::string& profile) const {
  Json lines = Json::array();
  for (const Reported& one : reported_)
    if ((pid == 0 || one.pid == pid) && (profile.empty() || one.profile == profile))
      lines.push_back(one.line);
  return lines;
}

}  // namespace aspis
