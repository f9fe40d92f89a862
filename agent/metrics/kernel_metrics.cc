// SPDX-License-Identifier: Apache-2.0
#include "agent/metrics/kernel_metrics.h"

namespace aspis {

void add_kernel_figures(Exposition& page, const KernelFigures& figures) {
  page.one(metric_family("aspis_policy_kernel_memory_bytes"), figures.memory);
  page.family(metric_family("aspis_map_entries"));
  for (const auto& map : figures.maps) page.sample({{"map", map.name}}, map.entries);
  page.family(metric_family("aspis_map_capacity"));
  for (const auto& map : figures.maps) page.sample({{"map", map.name}}, map.capacity);
  page.family(metric_family("aspis_program_runs_total"));
  for (const auto& program : figures.programs)
    page.sample({{"program", program.name}}, program.runs);
  page.family(metric_family("aspis_program_seconds_total"));
  for (const auto& program : figures.programs)
    page.sample({{"program", program.name}}, static_cast<double>(program.ns) / 1e9);
}

}  // namespace aspis
