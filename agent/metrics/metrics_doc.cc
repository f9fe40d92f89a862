// SPDX-License-Identifier: Apache-2.0
// docs/metrics.md.
#include <iostream>
#include <string>

#include "agent/metrics/families.h"

namespace {

constexpr const char* kBefore = R"(# Metrics

<!-- made by aspis_metrics_doc of agent/metrics/families.h -->

`metrics` of the configuration names where the agent answers `/metrics` (Prometheus' text format, version 0.0.4), `/healthz` and `/readyz`: a socket or an address.
Nobody is asked who they are there: profiles' names and paths of interpreters can be read by whoever reaches it.

| metric | type | labels | |
|---|---|---|---|
)";

constexpr const char* kAfter = R"(
A family without samples is left out of its page where nothing has been counted yet. Labels are bounded: types, verdicts and stages are those of
[events.md](events.md), no paths of files but those of interpreters, no pids; of profiles at most 1000, further ones count as `other`.

Figures of programs cost a little at each of their runs, and are counted only while the kernel is told to: `sysctl kernel.bpf_stats_enabled=1`.

## Prometheus

`deploy/prometheus/` (in packages `/usr/share/aspis/prometheus`) has alerting rules (`aspis.rules.yml`), a scrape job (`scrape.yml`) and a Grafana dashboard
(`grafana-dashboard.json`). In a cluster the Helm chart brings the rules and a ServiceMonitor: [kubernetes.md](kubernetes.md).

Whoever may stop the agent can silence it: let `AspisAgentDown` reach a person.
)";

}  // namespace

int main() {
  std::cout << kBefore;
  for (const auto& family : aspis::kMetricFamilies) {
    std::string labels = family.labels.empty() ? "" : "`";
    for (const char c : family.labels) labels += c == ' ' ? std::string("`, `") : std::string(1, c);
    if (!family.labels.empty()) labels += '`';
    std::cout << "| `" << family.name << "` | " << family.type << " | " << labels << " | "
              << family.help << " |\n";
  }
  std::cout << kAfter;
  return std::cout.flush() ? 0 : 1;
}
