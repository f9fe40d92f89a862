// SPDX-License-Identifier: Apache-2.0
#include "policy/tools/dump.h"

#include <algorithm>

#include "policy/language/names.h"
#include "policy/tables/container.h"
#include "policy/tools/words.h"

namespace aspis::policy {
namespace {

/// "1 state", "2 states".
std::string counted(std::size_t count, std::string_view one, std::string_view many) {
  return std::to_string(count).append(" ").append(count == 1 ? one : many);
}

std::string automaton(const automaton::Table& table, std::size_t outcomes) {
  const std::size_t bytes = sizeof(aspis_automaton) +
                            table.rows.size() * sizeof(table.rows.front()) +
                            outcomes * sizeof(aspis_outcome);
  return counted(table.states(), "state", "states") + ", " +
         counted(table.width - 1U, "class of bytes", "classes of bytes") + ", " +
         counted(outcomes, "outcome", "outcomes") + ", " + counted(bytes, "byte", "bytes");
}

std::string capabilities(std::uint64_t bits) {
  const NameList names = capability_names();
  const std::uint64_t all = (std::uint64_t{1} << names.size()) - 1;
  if ((bits & all) == all) return "all";
  std::vector<std::string> words;
  for (std::size_t i = 0; i < names.size(); i++) {
    if ((bits >> i & 1) != 0) words.emplace_back(names[i]);
  }
  return listed(words);
}

std::string execs(const std::vector<CompiledExec>& execs) {
  std::vector<std::string> words;
  for (const CompiledExec& exec : execs) words.push_back(exec_words(exec));
  return listed(words);
}

std::string launches(const std::vector<CompiledLaunch>& launches) {
  std::vector<std::string> words;
  for (const CompiledLaunch& launch : launches) words.push_back(launch_words(launch));
  return listed(words);
}

std::string dump_as(const std::string& head, const CompiledProfile& profile, bool package = false) {
  std::string out = head + "\n";
  const auto row = [&](std::string label, const std::string& value) {
    constexpr std::size_t kLabel = 20;
    label.resize(std::max(label.size(), kLabel), ' ');
    out += "  " + label + value + "\n";
  };
  if (!profile.parent.empty()) row("parent", profile.parent);
  if (!package) {
    row("mode", std::string(mode_name(profile.mode)));
    row("flags", listed(flag_words(profile)));
    row("attaches to", listed(profile.attachments));
  }
  if (!profile.container.empty()) row("container", container_words(profile.container));
  if (!profile.launches.empty()) row("python", launches(profile.launches));
  if (!profile.contexts.empty()) row("contexts", listed(profile.contexts));
  row("files", automaton(profile.file.table, profile.file.outcomes.size()));
  row("other rules", automaton(profile.rules.table, profile.rules.outcomes.size()));
  if (!package) row("exec", execs(profile.execs));
  row("capabilities", capabilities(profile.capability_allow));
  if (profile.capability_deny != 0) {
    row("capabilities denied", capabilities(profile.capability_deny));
  }
  if (profile.capability_audit != 0) {
    row("capabilities audit", capabilities(profile.capability_audit));
  }
  for (const CompiledProfile& inner : profile.packages) {
    out += dump_as("  package " + inner.name, inner, true);
  }
  return out;
}

}  // namespace

std::string dump(const CompiledProfile& profile) {
  return dump_as("profile " + profile.name, profile);
}

}  // namespace aspis::policy
