// SPDX-License-Identifier: Apache-2.0
#include "policy/tables/compile.h"

#include <algorithm>
#include <utility>

#include "policy/tables/abi.h"
#include "policy/tables/class_rules.h"
#include "policy/tables/file_rules.h"
#include "policy/tables/profile_head.h"
#include "policy/tables/shadow_automaton.h"

namespace aspis::policy {
namespace {

/// Finds or adds an outcome; its index.
std::uint32_t intern(std::vector<aspis_outcome>& outcomes, const aspis_outcome& outcome) {
  const auto equal = [&](const aspis_outcome& other) {
    const auto same = [](const aspis_permissions& a, const aspis_permissions& b) {
      return a.allow == b.allow && a.deny == b.deny && a.audit == b.audit && a.exec == b.exec;
    };
    return same(outcome.owner, other.owner) && same(outcome.other, other.other);
  };
  auto found = std::find_if(outcomes.begin(), outcomes.end(), equal);
  if (found == outcomes.end()) found = outcomes.insert(outcomes.end(), outcome);
  return static_cast<std::uint32_t>(found - outcomes.begin());
}

class Compiler {
 public:
  Compiler(const Policy& policy, Diagnostics& diagnostics, const CompileOptions& options)
      : policy_(policy),
        diagnostics_(diagnostics),
        options_(options),
        variables_(policy.variables),
        context_{variables_, policy.aliases, diagnostics},
        mediation_(policy, diagnostics) {}

  CompiledPolicy run() {
    for (const Profile& profile : policy_.profiles) this->profile(profile, "");
    return std::move(compiled_);
  }

 private:
  void profile(const Profile& profile, const std::string& parent) {
    if (diagnostics_.full()) return;
    variables_.sets.erase("profile_name");
    CompiledProfile compiled;
    compiled.name = full_name(profile, parent, context_);
    compiled.parent = parent;
    if (compiled.name.size() > ASPIS_PROFILE_NAME_MAX) {
      diagnostics_.error(profile.at, "The profile's name with its parents is longer than " +
                                         std::to_string(ASPIS_PROFILE_NAME_MAX) + " bytes.");
    }
    variables_.sets.insert_or_assign("profile_name",
                                     Variable{profile.at, {Word{compiled.name, profile.at, true}}});
    lower_head(profile, context_, compiled);
    compiled.mediated = mediation_.of(profile);
    attachment(profile, compiled);
    if (options_.judge_rules_of != nullptr)
      judged_ = rules_to_judge(profile, *options_.judge_rules_of);
    files(profile, compiled);
    classes(profile, compiled);
    judge_flat_rules(profile, std::exchange(judged_, {}), needless_);
    tell_needless(std::exchange(needless_, {}), diagnostics_);
    const std::string name = compiled.name;
    compiled_.profiles.push_back(std::move(compiled));
    for (const Profile& child : profile.children) this->profile(child, name);
  }

  void attachment(const Profile& profile, CompiledProfile& compiled) {
    AccessRules rules(context_);
    const Word& word = profile.attachment ? *profile.attachment : profile.name;
    for (const std::string& text : compiled.attachments) {
      if (const auto aare = rules.pattern(text, word))
        rules.add(aare->expression, {profile.at, {}, 1});
    }
    compiled.matcher = decider(rules, profile, nullptr).table;
  }

  void files(const Profile& profile, CompiledProfile& compiled) {
    AccessRules rules(context_);
    lower_file_rules(profile, compiled.name, context_, rules, compiled.execs);
    Explanation explanation;
    compiled.file = decider(rules, profile, &explanation);
    if (options_.explanations != nullptr) options_.explanations->push_back(std::move(explanation));
  }

  Decider decider(AccessRules& rules, const Profile& profile, Explanation* explanation) {
    Decider decider;
    auto dfa = automaton::build_dfa(rules.expressions(), rules.rules());
    if (!dfa) {
      blow_up(dfa.error(), rules, profile);
      return decider;
    }
    judge_automaton(profile, judged_, rules.accesses(), *dfa, needless_);
    const automaton::MinimalDfa minimal = automaton::minimise(*dfa, [&](auto matching) {
      const Resolved resolved = resolve(rules.accesses(), matching);
      if (resolved.conflict) conflict(*resolved.conflict);
      return intern(decider.outcomes, resolved.outcome);
    });
    if (explanation != nullptr && options_.explanations != nullptr) {
      explanation->dfa = *std::move(dfa);
      explanation->accesses = rules.accesses();
    }
    *dfa = {};  // larger than what is made of it now
    auto table = automaton::make_table(minimal);
    if (table) {
      decider.table = *std::move(table);
    } else {
      diagnostics_.error(profile.at, "Profile " + profile.name.text + ": " + table.error().text());
    }
    return decider;
  }

  void blow_up(const automaton::BlowUp& blow_up, const AccessRules& rules, const Profile& profile) {
    std::vector<Note> notes;
    for (const automaton::RuleId id : blow_up.rules) {
      notes.push_back({rules.accesses()[id].at, "This rule is one of those that need the most."});
    }
    diagnostics_.error(profile.at, "Profile " + profile.name.text + ": " + blow_up.message,
                       std::move(notes));
  }

  void conflict(const ExecConflict& conflict) {
    const Access* first = conflict.first;
    const Access* second = conflict.second;
    if (second->at.file == first->at.file && second->at.line < first->at.line) {
      std::swap(first, second);
    }
    const std::pair places(first->at, second->at);
    if (std::find(conflicts_.begin(), conflicts_.end(), places) != conflicts_.end()) return;
    conflicts_.push_back(places);
    diagnostics_.error(second->at,
                       "This rule and another match the same paths, and give them different exec "
                       "modes: make one a plain path, exclude the other's paths, or give one a "
                       "priority.",
                       {{first->at, "The other rule is here."}});
  }

  void classes(const Profile& profile, CompiledProfile& compiled) {
    AccessRules rules(context_);
    lower_class_rules(profile, {compiled.name, context_, rules, compiled});
    compiled.rules = decider(rules, profile, nullptr);
    for (unsigned kind = 0; kind < ASPIS_CLASS_COUNT; kind++) {
      const std::string first(1, static_cast<char>(kind));
      const automaton::Table& table = compiled.rules.table;
      compiled.rule_start[kind] = automaton::match(table, table.start, first);
    }
  }

  const Policy& policy_;
  Diagnostics& diagnostics_;
  const CompileOptions options_;
  Variables variables_;  // with profile_name of the profile at hand
  PatternContext context_;
  Mediation mediation_;
  std::vector<const Rule*> judged_;  // of the profile at hand; empty: none is to be
  std::vector<Needless> needless_;
  CompiledPolicy compiled_;
  std::vector<std::pair<Position, Position>> conflicts_;  // told already
};

}  // namespace

CompiledPolicy compile(const Policy& policy, Diagnostics& diagnostics,
                       const CompileOptions& options) {
  return Compiler(policy, diagnostics, options).run();
}

}  // namespace aspis::policy
