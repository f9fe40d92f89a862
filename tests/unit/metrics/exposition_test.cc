// SPDX-License-Identifier: Apache-2.0
// Prometheus' text format, as https://prometheus.io/docs/instrumenting/exposition_formats/ has it.
#include "agent/metrics/exposition.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "agent/metrics/kernel_metrics.h"

namespace aspis {
namespace {

TEST(Exposition, WritesFamiliesAndSamples) {
  Exposition page;
  page.family(metric_family("aspis_policy_loaded"));
  page.sample({{"mode", "a\"b\\c\nd"}}, std::uint64_t{3});
  page.one(metric_family("aspis_tails"), std::uint64_t{0});
  page.one(metric_family("process_cpu_seconds_total"), 0.25);
  EXPECT_EQ(std::move(page).take(),
            "# HELP aspis_policy_loaded Profiles in force, by mode\n"
            "# TYPE aspis_policy_loaded gauge\n"
            "aspis_policy_loaded{mode=\"a\\\"b\\\\c\\nd\"} 3\n"
            "# HELP aspis_tails Tails that are connected\n"
            "# TYPE aspis_tails gauge\n"
            "aspis_tails 0\n"
            "# HELP process_cpu_seconds_total CPU time of the agent, in seconds\n"
            "# TYPE process_cpu_seconds_total counter\n"
            "process_cpu_seconds_total 0.25\n");
}

TEST(Exposition, KernelFiguresAreByMapAndProgram) {
  Exposition page;
  add_kernel_figures(page,
                     {{{"known_codes", 12, 65536}}, {{"lsm__file_open", 40, 1'500'000'000}}, 4096});
  const std::string text = std::move(page).take();
  for (const char* line : {"\naspis_policy_kernel_memory_bytes 4096\n",
                           "\naspis_map_entries{map=\"known_codes\"} 12\n",
                           "\naspis_map_capacity{map=\"known_codes\"} 65536\n",
                           "\naspis_program_runs_total{program=\"lsm__file_open\"} 40\n",
                           "\naspis_program_seconds_total{program=\"lsm__file_open\"} 1.5\n"})
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
}

/// https://prometheus.io/docs/practices/naming/, and what the table says of itself.
TEST(Exposition, NamesAreAsPrometheusWantsThem) {
  std::set<std::string_view> seen;
  for (const MetricFamily& family : kMetricFamilies) {
    EXPECT_TRUE(seen.insert(family.name).second) << family.name;
    EXPECT_TRUE(std::ranges::all_of(family.name, [](char c) {
      return c == '_' || std::islower(static_cast<unsigned char>(c)) != 0;
    })) << family.name;
    EXPECT_EQ(family.type == "counter", family.name.ends_with("_total")) << family.name;
    EXPECT_TRUE(family.type == "counter" || family.type == "gauge") << family.name;
    EXPECT_EQ(family.help.find_first_of("\\\n"), std::string_view::npos) << family.name;
  }
}

}  // namespace
}  // namespace aspis
