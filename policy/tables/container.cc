// SPDX-License-Identifier: Apache-2.0
#include "policy/tables/container.h"

#include <algorithm>
#include <tuple>

#include "policy/automaton/aare.h"
#include "policy/automaton/dfa.h"
#include "policy/language/variables.h"

namespace aspis::policy {
namespace {

/// Values are no paths.
constexpr automaton::AareOptions kGlob{.filter_slashes = false, .slashes = true};

Result<automaton::Table> table_of(const ContainerGlobs& condition) {
  automaton::Expressions expressions;
  std::vector<automaton::Rule> rules;
  for (const std::string& glob : condition.globs) {
    if (const auto aare = automaton::parse_aare(expressions, glob, kGlob))
      rules.push_back({aare->expression, 0});
  }
  const auto dfa = automaton::build_dfa(expressions, rules);
  if (!dfa) return fail("container=(" + condition.key + "=…): " + dfa.error().message);
  return automaton::make_table(automaton::minimise(
      *dfa, [](auto matching) -> std::uint32_t { return matching.empty() ? 0 : 1; }));
}

}  // namespace

std::vector<ContainerGlobs> compile_container(const std::vector<ContainerCondition>& conditions,
                                              const PatternContext& context) {
  std::vector<ContainerGlobs> compiled;
  AccessRules told(context);  // of the errors and warnings of globs
  for (const ContainerCondition& condition : conditions) {
    ContainerGlobs one{condition.key.text, {}};
    for (const std::string& text : expand(condition.glob, context.variables, context.diagnostics)) {
      if (!told.pattern(text, condition.glob, kGlob)) break;
      one.globs.push_back(text);
    }
    compiled.push_back(std::move(one));
  }
  std::ranges::sort(compiled, {}, &ContainerGlobs::key);
  return compiled;
}

std::string container_words(const std::vector<ContainerGlobs>& conditions) {
  std::string out;
  for (const ContainerGlobs& condition : conditions) {
    out += (out.empty() ? "" : " ") + condition.key + '=';
    const bool several = condition.globs.size() != 1;
    if (several) out += '{';
    for (std::size_t i = 0; i < condition.globs.size(); ++i)
      out += (i != 0 ? "," : "") + condition.globs[i];
    if (several) out += '}';
  }
  return out;
}

Result<Selector> Selector::create(std::vector<ContainerGlobs> conditions) {
  Selector selector;
  for (const ContainerGlobs& condition : conditions)
    selector.tables_.push_back(TRY(table_of(condition)));
  selector.conditions_ = std::move(conditions);
  return selector;
}

bool Selector::chooses(const ContainerValue& value) const {
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    const automaton::Table& table = tables_[i];
    const std::string text = value(conditions_[i].key);
    if (text.empty() || table.outcome(automaton::match(table, table.start, text)) == 0)
      return false;
  }
  return true;
}

std::string Selector::text() const {
  return "container=(" + container_words(conditions_) + ")";
}

std::vector<std::vector<ContainerGlobs>> selectors_of(const CompiledPolicy& policy) {
  std::vector<std::vector<ContainerGlobs>> selectors;
  for (const CompiledProfile& profile : policy.profiles) {
    if (!profile.container.empty()) selectors.push_back(profile.container);
  }
  const auto order = [](const auto& conditions) {
    return std::tuple(-static_cast<std::ptrdiff_t>(conditions.size()), conditions);
  };
  std::ranges::sort(selectors, {}, order);
  selectors.erase(std::ranges::unique(selectors).begin(), selectors.end());
  return selectors;
}

}  // namespace aspis::policy
