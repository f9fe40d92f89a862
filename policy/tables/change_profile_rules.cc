// SPDX-License-Identifier: Apache-2.0
// Rules on the profiles that a task may ask for (bpf/abi/subject.h: CHANGE_PROFILE), and the
// changes that the policy itself orders.
#include "policy/tables/subject_pattern.h"
#include "policy/tables/transitions.h"

namespace aspis::policy {

/// As apparmor_parser does it (parser_regex.c: process_dfa_entry): a program named in the rule is a
/// condition at exec only.
void lower(const Rule& rule, const ChangeProfileRule& body, const ClassContext& context) {
  SubjectPattern pattern(context);
  const auto target = body.target ? pattern.name(*body.target) : pattern.some_text();
  const auto program = body.exec ? pattern.path(*body.exec) : pattern.any_path();
  if (!target || !program) return;
  const ExpressionId first = pattern.class_byte(ASPIS_CLASS_CHANGE_PROFILE);
  context.rules.add(pattern.concat({first, *target}),
                    {rule.at, rule.qualifiers, ASPIS_PROFILE_CHANGE | ASPIS_PROFILE_ONEXEC});
  std::uint16_t at_exec = ASPIS_PROFILE_ONEXEC;
  if (body.scrub && !*body.scrub) at_exec |= ASPIS_PROFILE_UNSAFE;
  context.rules.add(pattern.concat({first, *program, pattern.byte(0), *target}),
                    {rule.at, rule.qualifiers, at_exec});
}

void lower(const Rule& rule, const ChangeOnRule& body, const ClassContext& context) {
  CompiledExec change;
  change.mode = ASPIS_EXEC_PROFILE;
  set_targets(body.target, context.profile, context.patterns, change);
  const std::uint16_t transition = add_transition(context.compiled.execs, std::move(change),
                                                  rule.at, context.patterns.diagnostics);
  if (body.event.text == "python") {
    lower_change_on_event(rule, body, transition, context);
  } else {
    context.compiled.on_listen = transition;
  }
}

}  // namespace aspis::policy
