// SPDX-License-Identifier: Apache-2.0
#include "agent/metrics/metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "agent/event/kinds.h"
#include "agent/metrics/exposition.h"

namespace aspis {
namespace {

constexpr std::string_view kCounter = "counter", kGauge = "gauge";

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
  page.family("aspis_events_lost_total", kCounter, "Events that were lost, by the stage that did");
  page.sample({{"stage", "kernel"}, {"reason", "ring_full"}}, totals.ring_full);
  page.sample({{"stage", "kernel"}, {"reason", "scratch_busy"}}, totals.scratch_busy);
  page.sample({{"stage", "kernel"}, {"reason", "throttled"}}, totals.throttled);
  page.sample({{"stage", "kernel"}, {"reason", "no_task_state"}}, totals.task_full);
  page.sample({{"stage", "kernel"}, {"reason", "missed_run"}}, totals.missed);
  page.sample({{"stage", "agent"}, {"reason", "decode"}}, lost.decode);
  page.sample({{"stage", "tail"}, {"reason", "slow_reader"}}, tail_lost);
  page.family("aspis_values_cut_total", kCounter, "Events with a part that was cut");
  page.sample({{"what", "path"}}, totals.path_cut);
  page.sample({{"what", "argument"}}, totals.value_cut);
  page.one("aspis_compat_syscalls_total", kCounter,
           "32-bit system calls that the backend tracepoint does not decode", totals.compat);
}

void add_process(Exposition& page) {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  page.one("process_cpu_seconds_total", kCounter, "CPU time of the agent, in seconds",
           seconds(usage.ru_utime) + seconds(usage.ru_stime));
  page.one("process_resident_memory_bytes", kGauge, "Resident memory of the agent, in bytes",
           resident_bytes());
}

}  // namespace

void Metrics::emit(const Record& record) {
  if (record.loss != nullptr) {
    lost_ += *record.loss;
    return;
  }
  ++events_[record.kind];
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
  page.family("aspis_build_info", kGauge, "Version of the agent");
  page.sample({{"version", ASPIS_VERSION}}, std::uint64_t{1});
  page.family("aspis_runtime_state", kGauge, "1 for the hook backend in use");
  for (const Backend backend : kBackends)
    page.sample({{"backend", backend_name(backend)}},
                std::uint64_t{backend == observer.backend() ? 1U : 0U});
  page.family("aspis_events_total", kCounter, "Events and notices, by type");
  for (unsigned kind = 1; kind < events_.size(); ++kind)
    if (events_[kind] != 0) page.sample({{"type", kind_info(kind).type}}, events_[kind]);
  page.family("aspis_policy_events_total", kCounter, "What profiles reported");
  for (const auto& [key, counts] : reported_)
    for (std::size_t verdict = 0; verdict < counts.size(); ++verdict)
      if (counts[verdict] != 0)
        page.sample({{"profile", key.first},
                     {"type", kind_info(key.second).type},
                     {"verdict", kVerdicts[verdict]}},
                    counts[verdict]);
  page.one("aspis_ringbuf_events_total", kCounter, "Events that the kernel side has made",
           totals.produced);
  add_loss(page, totals, lost_, context.tail_lost);
  page.family("aspis_policy_loaded", kGauge, "Profiles in force, by mode");
  for (const auto& [mode, count] : context.profiles)
    page.sample({{"mode", mode}}, std::uint64_t{count});
  page.one("aspis_process_cache_size", kGauge, "Processes that are known",
           std::uint64_t{session.processes()});
  page.one("aspis_tails", kGauge, "Tails that are connected", std::uint64_t{context.tails});
  page.family("aspis_interpreter_events_total", kCounter,
              "Audit events that the probes of an interpreter have seen");
  for (const auto& one : session.interpreters().coverage())
    page.sample({{"path", one.path}, {"version", one.version}, {"probe", one.probe}}, one.events);
  add_process(page);
  return std::move(page).take();
}

}  // namespace aspis
