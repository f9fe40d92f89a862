// SPDX-License-Identifier: Apache-2.0
// Rules on their way to an automaton: patterns in words become expressions.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/automaton/aare.h"
#include "policy/automaton/dfa.h"
#include "policy/language/diagnostic.h"
#include "policy/language/syntax.h"
#include "policy/tables/access.h"

namespace aspis::policy {

/// What patterns are read against.
struct PatternContext {
  const Variables& variables;  ///< with profile_name
  const std::vector<Alias>& aliases;
  Diagnostics& diagnostics;
};

/// All texts that a word stands for, variables replaced and, of paths, aliases added.
std::vector<std::string> expand_path(const Word& word, const PatternContext& context);

/// The rules of one automaton while they are collected: what each allows, and on which strings.
class AccessRules {
 public:
  /// `keys`: those of @{ctx.KEY} in the rules on paths, by number.
  explicit AccessRules(const PatternContext& context, std::vector<std::string> keys = {})
      : context_(context), keys_(std::move(keys)) {}

  /// A rule on one path.
  void add_path(const Word& path, const Access& access);
  /// A rule on the pair of a link and what it leads to: LINK NUL TARGET.
  void add_pair(const Word& link, const Word& target, const Access& access);
  /// A rule on the strings of an expression.
  void add(automaton::ExpressionId expression, const Access& access);

  /// The expression of one expanded text; an error is told at `word`.
  std::optional<automaton::Aare> pattern(const std::string& text, const Word& word,
                                         const automaton::AareOptions& options = {});

  automaton::Expressions& expressions() { return expressions_; }
  [[nodiscard]] const std::vector<automaton::Rule>& rules() const { return rules_; }
  [[nodiscard]] const std::vector<Access>& accesses() const { return accesses_; }

 private:
  std::uint32_t intern(const Access& access);
  std::optional<automaton::Aare> path_pattern(const std::string& text, const Word& word, bool deny);

  const PatternContext& context_;
  const std::vector<std::string> keys_;
  automaton::Expressions expressions_;
  std::vector<automaton::Rule> rules_;  // id: index into accesses_
  std::vector<Access> accesses_;
};

}  // namespace aspis::policy
