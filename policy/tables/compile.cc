// SPDX-License-Identifier: Apache-2.0
#include "policy/tables/compile.h"

#include <algorithm>
#include <utility>

#include "policy/language/package_name.h"
#include "policy/tables/abi.h"
#include "policy/tables/class_rules.h"
#include "policy/tables/context_path.h"
#include "policy/tables/file_rules.h"
#include "policy/tables/launch.h"
#include "policy/tables/package_rules.h"
#include "policy/tables/profile_head.h"
#include "policy/tables/shadow_automaton.h"
#include "policy/tables/unenforced.h"

namespace aspis::policy {
namespace {

bool same(const aspis_permissions& a, const aspis_permissions& b) {
  return a.allow == b.allow && a.deny == b.deny && a.audit == b.audit && a.exec == b.exec;
}

/// Finds or adds an outcome; its index.
std::uint32_t intern(Decider& decider, const Resolved& resolved) {
  const auto& [outcome, announced, conflict] = resolved;
  std::size_t index = 0;
  for (; index < decider.outcomes.size(); index++) {
    const aspis_outcome& other = decider.outcomes[index];
    const aspis_announced& also = decider.announced[index];
    if (same(outcome.owner, other.owner) && same(outcome.other, other.other) &&
        announced.owner == also.owner && announced.other == also.other) {
      return static_cast<std::uint32_t>(index);
    }
  }
  decider.outcomes.push_back(outcome);
  decider.announced.push_back(announced);
  return static_cast<std::uint32_t>(index);
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
    launch(profile, compiled);
    tell_unenforced(profile, context_);
    rules(profile, profile, compiled);
    packages(profile, compiled);
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

  /// What python=(…) in the head matches.
  void launch(const Profile& profile, CompiledProfile& compiled) {
    AccessRules rules(context_);
    for (const CompiledLaunch& launch : compiled.launches) {
      if (const auto expression = launch_expression(rules.expressions(), launch)) {
        rules.add(*expression, {profile.at, {}, 1});
      }
    }
    compiled.launch = decider(rules, profile, nullptr).table;
  }

  /// All rules of a profile, or of a package: `written` are those of the text.
  void rules(const Profile& profile, const Profile& written, CompiledProfile& compiled) {
    if (options_.judge_rules_of != nullptr)
      judged_ = rules_to_judge(written, *options_.judge_rules_of);
    ProfileExplanation explanation;
    files(profile, compiled, explanation.file);
    classes(profile, compiled, explanation.rules);
    explained_ = std::move(explanation);
    judge_flat_rules(written, std::exchange(judged_, {}), needless_);
    tell_needless(std::exchange(needless_, {}), diagnostics_);
  }

  void packages(const Profile& profile, CompiledProfile& compiled) {
    ProfileExplanation whole = std::move(explained_);
    if (profile.packages.size() > ASPIS_PACKAGES_MAX) {
      diagnostics_.error(
          profile.packages.back().at,
          "A profile can have " + std::to_string(ASPIS_PACKAGES_MAX) + " packages at most.");
    }
    for (const Profile& package : profile.packages) {
      CompiledProfile inner;
      inner.at = package.at;
      inner.name = normalised_package_name(package.name.text);
      inner.imports = {inner.name};
      inner.mode = compiled.mode;
      inner.flags = compiled.flags;
      inner.error = compiled.error;
      const Profile complete = with_defaults(package);
      inner.mediated = mediation_.of(package) & restricted_classes(package);
      rules(complete, package, inner);
      whole.packages.push_back(std::move(explained_));
      compiled.packages.push_back(std::move(inner));
    }
    if (options_.explanations != nullptr) options_.explanations->push_back(std::move(whole));
  }

  void files(const Profile& profile, CompiledProfile& compiled, Explanation& explanation) {
    compiled.contexts = context_keys(profile, context_);
    AccessRules rules(context_, compiled.contexts);
    lower_file_rules(profile, compiled.name, context_, rules, compiled.execs);
    compiled.file = decider(rules, profile, &explanation);
    const bool signing = std::ranges::any_of(compiled.file.outcomes, [](const auto& outcome) {
      return ((outcome.owner.allow | outcome.other.allow) & ASPIS_REQUIRE_SIGNED) != 0;
    });
    if (signing) compiled.flags |= ASPIS_PROFILE_SIGNED;
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
      return intern(decider, resolved);
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
                       "This rule and another match the same, and lead to different profiles: "
                       "make one a plain path, exclude what the other matches, or give one a "
                       "priority.",
                       {{first->at, "The other rule is here."}});
  }

  void classes(const Profile& profile, CompiledProfile& compiled, Explanation& explanation) {
    AccessRules rules(context_);
    lower_class_rules(profile, {compiled.name, context_, rules, compiled, options_.python_events});
    compiled.rules = decider(rules, profile, &explanation);
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
  ProfileExplanation explained_;  // of the rules compiled last
  CompiledPolicy compiled_;
  std::vector<std::pair<Position, Position>> conflicts_;  // told already
};

}  // namespace

CompiledPolicy compile(const Policy& policy, Diagnostics& diagnostics,
                       const CompileOptions& options) {
  return Compiler(policy, diagnostics, options).run();
}

}  // namespace aspis::policy
