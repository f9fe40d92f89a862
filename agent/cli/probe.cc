// SPDX-License-Identifier: Apache-2.0
// aspis probe: what this kernel can do for us, as a table.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "agent/cli/commands.h"
#include "agent/cli/exit_code.h"
#include "agent/kernel/host_probe.h"
#include "probes/cpython/find.h"

namespace aspis {
namespace {

void add_interpreters(std::vector<Finding>& findings) {
  for (const auto& found : cpython::candidates()) {
    Finding finding{fmt::format("CPython {}.{}", found.major, found.minor), "yes", found.path};
    if (found.sites.sites.empty()) finding.state = "no";
    finding.detail += ", audit events by " + std::string(probe_name(found.sites.probe));
    for (const auto& missed : found.sites.missed) finding.detail += "; missed: " + missed;
    findings.push_back(std::move(finding));
  }
}

int probe() {
  auto findings = probe_host();
  add_interpreters(findings);
  std::size_t wide = 0;
  for (const auto& finding : findings) wide = std::max(wide, finding.what.size());
  bool observes = false;
  for (const auto& finding : findings) {
    fmt::print("{:<{}}  {:<10}  {}\n", finding.what, wide, finding.state, finding.detail);
    observes = observes || (finding.what == "observation" && finding.state == "yes");
  }
  return observes ? kExitOk : kExitFailed;
}

}  // namespace

void add_probe(CLI::App& app, int& exit_code) {
  app.add_subcommand("probe", "Show what this kernel can do for observation, and why not more")
      ->callback([&exit_code] { exit_code = probe(); });
}

}  // namespace aspis
