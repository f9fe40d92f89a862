// SPDX-License-Identifier: Apache-2.0
#include "policy/tables/transitions.h"

#include <algorithm>
#include <limits>

#include "policy/language/variables.h"

namespace aspis::policy {

void set_targets(const Word& word, const std::string& profile, const PatternContext& context,
                 CompiledExec& exec) {
  exec.flags |= ASPIS_EXEC_NAMED;
  const auto texts = expand(word, context.variables, context.diagnostics);
  if (texts.empty()) return;
  if (texts.size() > 1) {
    context.diagnostics.warning(word.at,
                                "The variable has several values: the first is the target.");
  }
  std::string_view text = texts.front();
  if (text.starts_with('&')) {
    exec.flags |= ASPIS_EXEC_STACK;
    text.remove_prefix(1);
  }
  for (std::size_t at = 0; at != std::string_view::npos;) {
    const std::size_t end = text.find("//&", at);
    std::string target(text.substr(at, end == std::string_view::npos ? end : end - at));
    if (exec.mode == ASPIS_EXEC_CHILD) target = profile + "//" + target;
    exec.targets.push_back(std::move(target));
    at = end == std::string_view::npos ? end : end + 3;
  }
  if (exec.targets.size() > ASPIS_STACK_MAX) {
    context.diagnostics.error(
        word.at, "At most " + std::to_string(ASPIS_STACK_MAX) + " profiles can be stacked.");
    exec.targets.resize(ASPIS_STACK_MAX);
  }
}

std::uint16_t add_transition(std::vector<CompiledExec>& transitions, CompiledExec exec, Position at,
                             Diagnostics& diagnostics) {
  auto same = std::find(transitions.begin(), transitions.end(), exec);
  if (same == transitions.end()) same = transitions.insert(transitions.end(), std::move(exec));
  const auto number = static_cast<std::uint16_t>(same - transitions.begin() + 1);
  if (transitions.size() > std::numeric_limits<std::uint16_t>::max()) {
    diagnostics.error(at, "a profile can have 65535 different exec transitions");
  }
  return number;
}

}  // namespace aspis::policy
