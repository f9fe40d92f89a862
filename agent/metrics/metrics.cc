// SPDX-License-Identifier: Apache-2.0
#include "agent/metrics/metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "agent/event/kinds.h"
#include "agent/metrics/exposition.h"
#include "agent/metrics/kernel_metrics.h"

namespace aspis {
namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

/// proc(5), /proc/PID/statm: resident pages.
std::uint64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t size = 0, resident = 0;
  file >> size >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

void add_loss(Exposition& page, const KernelTotals& totals, const Loss& lost,
              std::uint64_t tail_lost) {
  page.family(metric_family("aspis_events_lost_total"));
  page.sample({{"stage", "kernel"}, {"reason", "ring_full"}}, totals.ring_full);
  page.sample({{"stage", "kernel"}, {"reason", "scratch_busy"}}, totals.scratch_busy);
  page.sample({{"stage", "kernel"}, {"reason", "throttled"}}, totals.throttled);
  page.sample({{"stage", "kernel"}, {"reason", "no_task_state"}}, totals.task_full);
  page.sample({{"stage", "kernel"}, {"reason", "missed_run"}}, totals.missed);
  page.sample({{"stage", "agent"}, {"reason", "decode"}}, lost.decode);
  page.sample({{"stage", "tail"}, {"reason", "slow_reader"}}, tail_lost);
  page.family(metric_family("aspis_values_cut_total"));
  page.sample({{"what", "path"}}, totals.path_cut);
  page.sample({{"what", "argument"}}, totals.value_cut);
  page.one(metric_family("aspis_compat_syscalls_total"), totals.compat);
  page.one(metric_family("aspis_cgroups_unknown_total"), totals.cgroup_unknown);
}

void add_outputs(Exposition& page, const std::vector<std::unique_ptr<Output>>& outputs) {
  page.family(metric_family("aspis_output_lost_total"));
  for (std::size_t i = 0; i < outputs.size(); ++i)
    page.sample({{"output", std::to_string(i)}}, outputs[i]->lost());
  page.family(metric_family("aspis_output_failed"));
  for (std::size_t i = 0; i < outputs.size(); ++i)
    page.sample({{"output", std::to_string(i)}}, std::uint64_t{outputs[i]->failed() ? 1U : 0U});
}

void add_policy(Exposition& page, const MetricsContext& context) {
  page.family(metric_family("aspis_policy_loaded"));
  for (const auto& [mode, count] : context.profiles)
    page.sample({{"mode", mode}}, std::uint64_t{count});
  page.family(metric_family("aspis_policy_reloads_total"));
  page.sample({{"result", "in_force"}}, context.reloads);
  page.sample({{"result", "refused"}}, context.refusals);
  page.one(metric_family("aspis_policy_refused"), std::uint64_t{context.refused ? 1U : 0U});
}

void add_adoption(Exposition& page, const Observer& observer, std::uint64_t started) {
  const auto& adoption = observer.adoption();
  page.one(metric_family("aspis_pinned"), std::uint64_t{observer.pinned() ? 1U : 0U});
  page.one(metric_family("aspis_adopted"), std::uint64_t{adoption ? 1U : 0U});
  const bool known = adoption && adoption->since != 0 && started > adoption->since;
  page.one(metric_family("aspis_unattended_seconds"),
           known ? static_cast<double>(started - adoption->since) / 1e9 : 0.0);
}

void add_process(Exposition& page) {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  page.one(metric_family("process_cpu_seconds_total"),
           seconds(usage.ru_utime) + seconds(usage.ru_stime));
  page.one(metric_family("process_resident_memory_bytes"), resident_bytes());
}

}  // namespace

void Metrics::emit(const Record& record) {
  if (record.loss != nullptr) {
    lost_ += *record.loss;
    return;
  }
  ++events_[record.kind];
  ++correlated_[static_cast<std::size_t>(record.correlation)];
  if (record.event == nullptr || (record.event->head->flags & ASPIS_F_REPORTED) == 0) return;
  if (profiles_.size() < profiles_max_) profiles_.insert(record.profile);
  const std::string profile = profiles_.contains(record.profile) ? record.profile : "other";
  const std::size_t verdict = record.event->head->verdict;
  if (verdict < kVerdictCount) ++reported_[{profile, record.kind}][verdict];
}

std::string Metrics::page(const Session& session, const MetricsContext& context) const {
  Exposition page;
  const Observer& observer = session.observer();
  const KernelTotals totals = observer.totals();
  page.family(metric_family("aspis_build_info"));
  page.sample({{"version", ASPIS_VERSION}}, std::uint64_t{1});
  page.family(metric_family("aspis_runtime_state"));
  for (const Backend backend : kBackends)
    page.sample({{"backend", backend_name(backend)}},
                std::uint64_t{backend == observer.backend() ? 1U : 0U});
  add_adoption(page, observer, started_);
  page.family(metric_family("aspis_events_total"));
  for (unsigned kind = 1; kind < events_.size(); ++kind)
    if (events_[kind] != 0) page.sample({{"type", kind_info(kind).type}}, events_[kind]);
  page.family(metric_family("aspis_policy_events_total"));
  for (const auto& [key, counts] : reported_)
    for (std::size_t verdict = 0; verdict < counts.size(); ++verdict)
      if (counts[verdict] != 0)
        page.sample({{"profile", key.first},
                     {"type", kind_info(key.second).type},
                     {"verdict", kVerdicts[verdict]}},
                    counts[verdict]);
  page.family(metric_family("aspis_correlated_events_total"));
  for (std::size_t i = 1; i < correlated_.size(); ++i)
    page.sample({{"correlation", correlation_name(static_cast<Correlation>(i))}}, correlated_[i]);
  page.one(metric_family("aspis_ringbuf_events_total"), totals.produced);
  add_loss(page, totals, lost_, context.tail_lost);
  add_outputs(page, session.own_outputs());
  add_policy(page, context);
  page.one(metric_family("aspis_process_cache_size"), std::uint64_t{session.processes()});
  page.one(metric_family("aspis_tails"), std::uint64_t{context.tails});
  page.family(metric_family("aspis_interpreter_events_total"));
  for (const auto& one : session.interpreters().coverage())
    page.sample({{"path", one.path}, {"version", one.version}, {"probe", one.probe}}, one.events);
  add_kernel_figures(page, observer.figures());
  page.one(metric_family("process_start_time_seconds"),
           static_cast<double>(static_cast<std::int64_t>(started_) + wall_offset().ns()) / 1e9);
  add_process(page);
  return std::move(page).take();
}

}  // namespace aspis
