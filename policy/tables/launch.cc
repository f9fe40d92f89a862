// SPDX-License-Identifier: Apache-2.0
#include "policy/tables/launch.h"

#include "policy/automaton/aare.h"
#include "policy/language/variables.h"

namespace aspis::policy {
namespace {

struct Kind {
  std::string_view word;
  aspis_launch kind;
};
constexpr Kind kKinds[] = {
    {"script", ASPIS_LAUNCH_SCRIPT},
    {"module", ASPIS_LAUNCH_MODULE},
    {"command", ASPIS_LAUNCH_COMMAND},
    {"stdin", ASPIS_LAUNCH_STDIN},
};

/// A module's name has no "/" that could mean anything.
automaton::AareOptions options_of(aspis_launch kind) {
  return {.filter_slashes = kind == ASPIS_LAUNCH_SCRIPT};
}

}  // namespace

std::vector<CompiledLaunch> compile_launches(const std::vector<LaunchCondition>& launches,
                                             const PatternContext& context) {
  std::vector<CompiledLaunch> compiled;
  AccessRules told(context);  // of the errors and warnings of globs
  for (const LaunchCondition& launch : launches) {
    CompiledLaunch one;
    for (const Kind& known : kKinds) {
      if (known.word == launch.kind.text) one.kind = known.kind;
    }
    if (!launch.glob) {
      compiled.push_back(one);
      continue;
    }
    const bool path = one.kind == ASPIS_LAUNCH_SCRIPT;
    const auto texts = path ? expand_path(*launch.glob, context)
                            : expand(*launch.glob, context.variables, context.diagnostics);
    for (const std::string& text : texts) {
      if (!told.pattern(text, *launch.glob, options_of(one.kind))) break;
      compiled.push_back({one.kind, text});
    }
  }
  return compiled;
}

std::optional<automaton::ExpressionId> launch_expression(automaton::Expressions& expressions,
                                                         const CompiledLaunch& launch) {
  const automaton::ExpressionId first = expressions.byte(static_cast<std::uint8_t>(launch.kind));
  if (launch.kind != ASPIS_LAUNCH_SCRIPT && launch.kind != ASPIS_LAUNCH_MODULE) return first;
  const auto glob = automaton::parse_aare(expressions, launch.glob, options_of(launch.kind));
  if (!glob) return std::nullopt;
  const automaton::ExpressionId both[] = {first, glob->expression};
  return expressions.concat(both);
}

}  // namespace aspis::policy
