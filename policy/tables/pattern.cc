// SPDX-License-Identifier: Apache-2.0
#include "policy/tables/pattern.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "policy/language/variables.h"
#include "policy/tables/context_path.h"

namespace aspis::policy {

std::vector<std::string> expand_path(const Word& word, const PatternContext& context) {
  std::vector<std::string> texts = expand(word, context.variables, context.diagnostics);
  const std::size_t own = texts.size();
  for (const Alias& alias : context.aliases) {
    for (const std::string& from : expand(alias.from, context.variables, context.diagnostics)) {
      for (std::size_t i = 0; i < own; i++) {
        if (!texts[i].starts_with(from)) continue;
        for (const std::string& to : expand(alias.to, context.variables, context.diagnostics)) {
          texts.push_back(to + texts[i].substr(from.size()));
        }
      }
    }
  }
  return texts;
}

std::optional<automaton::Aare> AccessRules::pattern(const std::string& text, const Word& word,
                                                    const automaton::AareOptions& options) {
  auto aare = automaton::parse_aare(expressions_, text, options);
  if (aare) {
    for (const automaton::AareNote& warning : aare->warnings) {
      context_.diagnostics.warning(word.at, warning.message);
    }
    return std::move(*aare);
  }
  std::string message = aare.error().message;
  message[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(message[0])));
  context_.diagnostics.error(word.at, message + ".");
  return std::nullopt;
}

/// The same of a path; where rules refer to the context of threads, as it is matched then.
std::optional<automaton::Aare> AccessRules::path_pattern(const std::string& text, const Word& word,
                                                         bool deny) {
  if (keys_.empty()) return pattern(text, word);
  ContextPath path(expressions_, keys_, deny);
  std::optional<automaton::Aare> whole;
  for (const ContextPiece& piece : context_pieces(text)) {
    auto aare = pattern(piece.glob, word);
    if (!aare) return std::nullopt;
    path.add(aare->expression, piece.key);
    if (!whole) whole = std::move(*aare);
    whole->specificity = std::min(whole->specificity, aare->specificity);
    if (!piece.key.empty()) whole->specificity = automaton::Specificity::kGlob;
  }
  whole->expression = path.take();
  return whole;
}

std::uint32_t AccessRules::intern(const Access& access) {
  // Texts of one rule come one after the other.
  if (accesses_.empty() || accesses_.back().at != access.at ||
      accesses_.back().permissions != access.permissions) {
    accesses_.push_back(access);
  }
  return static_cast<std::uint32_t>(accesses_.size() - 1);
}

void AccessRules::add(automaton::ExpressionId expression, const Access& access) {
  rules_.push_back({expression, intern(access)});
}

void AccessRules::add_path(const Word& path, const Access& access) {
  std::vector<automaton::ExpressionId> expressions;
  Access own = access;
  own.specificity = automaton::Specificity::kNames;
  const bool deny = access.qualifiers.decision != Decision::Allow;
  for (const std::string& text : expand_path(path, context_)) {
    const auto aare = path_pattern(text, path, deny);
    if (!aare) return;
    // To AppArmor the values of a variable are one alternation: a glob in any is one in all.
    own.specificity = std::min(own.specificity, aare->specificity);
    expressions.push_back(aare->expression);
  }
  for (const automaton::ExpressionId expression : expressions) add(expression, own);
}

void AccessRules::add_pair(const Word& link, const Word& target, const Access& access) {
  const auto targets = expand_path(target, context_);
  const bool deny = access.qualifiers.decision != Decision::Allow;
  for (const std::string& from : expand_path(link, context_)) {
    const auto first = path_pattern(from, link, deny);
    if (!first) return;
    for (const std::string& to : targets) {
      const auto second = path_pattern(to, target, deny);
      if (!second) return;
      const automaton::ExpressionId parts[] = {first->expression, expressions_.byte(0),
                                               second->expression};
      add(expressions_.concat(parts), access);
    }
  }
}

}  // namespace aspis::policy
