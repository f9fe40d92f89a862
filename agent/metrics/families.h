// SPDX-License-Identifier: Apache-2.0
// Every metric. docs/metrics.md is made of this; a name that is not here does not compile.
#pragma once

#include <string_view>

namespace aspis {

struct MetricFamily {
  std::string_view name;
  std::string_view type;    ///< counter or gauge
  std::string_view labels;  ///< separated by a space
  std::string_view help;    ///< one line, without '\'
};

inline constexpr MetricFamily kMetricFamilies[] = {
    {"aspis_build_info", "gauge", "version", "Version of the agent"},
    {"aspis_runtime_state", "gauge", "backend", "1 for the hook backend in use"},
    {"aspis_pinned", "gauge", "", "1 if enforcement goes on without the agent, until --uninstall"},
    {"aspis_adopted", "gauge", "", "1 if the agent goes on with what another one has pinned"},
    {"aspis_unattended_seconds", "gauge", "", "How long no agent had looked when this one came"},
    {"aspis_events_total", "counter", "type", "Events and notices, by type"},
    {"aspis_policy_events_total", "counter", "profile type verdict", "What profiles reported"},
    {"aspis_correlated_events_total", "counter", "correlation",
     "Events of Python processes, by what audit events had said of them"},
    {"aspis_ringbuf_events_total", "counter", "", "Events that the kernel side has made"},
    {"aspis_events_lost_total", "counter", "stage reason",
     "Events that were lost, by the stage that did"},
    {"aspis_output_lost_total", "counter", "output",
     "Events that an output had no room for; by its place in the configuration, from 0"},
    {"aspis_output_failed", "gauge", "output", "1 if an output does not take what it is given"},
    {"aspis_values_cut_total", "counter", "what", "Events with a part that was cut"},
    {"aspis_compat_syscalls_total", "counter", "",
     "32-bit system calls that the backend tracepoint does not decode"},
    {"aspis_cgroups_unknown_total", "counter", "",
     "Programs executed where nobody could tell the container: container=(…) did not choose them"},
    {"aspis_policy_loaded", "gauge", "mode", "Profiles in force, by mode"},
    {"aspis_policy_reloads_total", "counter", "result",
     "How often the policy was read again, and put in force or refused"},
    {"aspis_policy_refused", "gauge", "",
     "1 if what is in the files was refused, and the policy in force is an older one"},
    {"aspis_policy_kernel_memory_bytes", "gauge", "",
     "Kernel memory of all maps, in bytes: policy, rings and state"},
    {"aspis_process_cache_size", "gauge", "", "Processes that are known"},
    {"aspis_tails", "gauge", "", "Tails that are connected"},
    {"aspis_map_entries", "gauge", "map", "Entries of a hash table of the kernel side"},
    {"aspis_map_capacity", "gauge", "map", "How many entries it has room for"},
    {"aspis_program_runs_total", "counter", "program",
     "Runs of a BPF program, while the sysctl kernel.bpf_stats_enabled is 1"},
    {"aspis_program_seconds_total", "counter", "program", "Time that these runs took, in seconds"},
    {"aspis_interpreter_events_total", "counter", "path version probe",
     "Audit events that the probes of an interpreter have seen"},
    {"process_cpu_seconds_total", "counter", "", "CPU time of the agent, in seconds"},
    {"process_start_time_seconds", "gauge", "",
     "When the agent was started, in seconds since 1970 (UTC)"},
    {"process_resident_memory_bytes", "gauge", "", "Resident memory of the agent, in bytes"},
};

/// The row of this name.
consteval const MetricFamily& metric_family(std::string_view name) {
  for (const MetricFamily& family : kMetricFamilies)
    if (family.name == name) return family;
  throw "there is no such metric";  // that is: it does not compile
}

}  // namespace aspis
