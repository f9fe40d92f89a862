// SPDX-License-Identifier: Apache-2.0
// What stands outside of profiles: variables, booleans, aliases, abi.
#include <algorithm>
#include <cctype>

#include "policy/language/parser_impl.h"

namespace aspis::policy {
namespace {

bool is_alpha(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0;
}
bool is_alnum(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0;
}

}  // namespace

void Parser::top_level(Scope& scope) {
  while (!diagnostics_.full()) {
    lexer_->skip();
    if (lexer_->at_end()) return;
    if (lexer_->peek() == '}') {
      error(lexer_->here(), "This \"}\" closes nothing.");
      lexer_->take(1);
      continue;
    }
    if (!preamble_statement(scope)) lexer_->resynchronise();
  }
}

bool Parser::preamble_statement(Scope& scope) {
  if (at_include()) return include(scope, {});
  const Position at = lexer_->here();
  const std::size_t start = lexer_->offset();
  const auto late = [&] {
    if (!policy_.profiles.empty()) {
      error(at, "Variables, aliases and abi must stand before the first profile.",
            {{policy_.profiles.front().at, "The first profile starts here."}});
    }
  };
  if (lexer_->peek() == '$') {
    late();
    return boolean_variable();
  }
  if (lexer_->peek() == '@') {
    const bool named = variable_name('@').has_value();
    lexer_->skip_blanks();
    const bool assigned =
        lexer_->peek() == '=' || (lexer_->peek() == '+' && lexer_->peek(1) == '=');
    lexer_->rewind(start);
    if (!named || assigned) {
      late();
      return set_variable();
    }
  } else if (lexer_->accept_keyword("alias") || lexer_->accept_keyword("rewrite")) {
    late();
    return alias();
  } else if (lexer_->accept_keyword("abi")) {
    late();
    return abi();
  }
  const char c = lexer_->peek();
  if (c == '/' || c == '@' || c == '"' || c == ':' || at_profile_keyword()) return profile(nullptr);
  return expected("a profile, a variable, an include, an alias or abi");
}

/// "@{NAME}" or "@NAME"; nothing, and nothing taken, if none is here.
std::optional<std::string> Parser::variable_name(char sigil) {
  lexer_->skip();
  const std::size_t start = lexer_->offset();
  if (lexer_->peek() != sigil) return std::nullopt;
  lexer_->take(1);
  const bool braces = lexer_->peek() == '{';
  if (braces) lexer_->take(1);
  std::string name;
  while (is_alnum(lexer_->peek()) || lexer_->peek() == '_') {
    name += lexer_->peek();
    lexer_->take(1);
  }
  if (name.empty() || !is_alpha(name.front()) || (braces && lexer_->peek() != '}')) {
    lexer_->rewind(start);
    return std::nullopt;
  }
  if (braces) lexer_->take(1);
  return name;
}

bool Parser::set_variable() {
  const Position at = lexer_->here();
  const std::optional<std::string> name = variable_name('@');
  if (!name) {
    return error(at,
                 "A variable is written @{NAME}; its name starts with a letter and has only "
                 "letters, digits and \"_\".");
  }
  const bool append = lexer_->accept("+=");
  if (!append && !lexer_->accept("=")) return expected("\"=\" or \"+=\"");
  Variable variable{at, {}};
  for (;;) {
    lexer_->skip_blanks();
    if (lexer_->at_end() || lexer_->peek() == '\n') break;
    std::optional<Word> next = word(WordKind::Name);
    if (!next) {
      return error(lexer_->here(), "A value cannot contain " + lexer_->excerpt() +
                                       "; values are separated by blanks and have no comma "
                                       "after them.");
    }
    const char c = lexer_->peek();
    if (!lexer_->at_end() && !is_space(c) && c != ',') {
      return error(lexer_->here(), "A value with this character must be quoted as a whole.");
    }
    variable.values.push_back(std::move(*next));
  }
  const auto [entry, added] = policy_.variables.sets.try_emplace(*name, variable);
  if (append && added) {
    policy_.variables.sets.erase(entry);
    return error(at, "The variable @{" + *name + "} is not defined; \"+=\" needs one that is.");
  }
  if (!append && !added) {
    error(at, "The variable @{" + *name + "} is defined already; use \"+=\" to add values.",
          {{entry->second.at, "It is defined here first."}});
  } else if (append) {
    auto& values = entry->second.values;
    values.insert(values.end(), variable.values.begin(), variable.values.end());
  }
  return true;
}

bool Parser::boolean_variable() {
  const Position at = lexer_->here();
  const std::optional<std::string> name = variable_name('$');
  if (!name) return error(at, "A boolean variable is written ${NAME}.");
  if (!lexer_->accept("=")) return expected("\"=\"");
  std::optional<Word> value = word(WordKind::Name);
  if (!value) return expected("true or false");
  std::string lower = value->text;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  if (lower != "true" && lower != "false") {
    error(value->at, "A boolean variable is true or false, not \"" + value->text + "\".");
    return true;
  }
  const auto [entry, added] = policy_.variables.booleans.try_emplace(*name, lower == "true", at);
  if (!added) {
    error(at, "The variable ${" + *name + "} is defined already.",
          {{entry->second.second, "It is defined here first."}});
  }
  return true;
}

bool Parser::alias() {
  Alias alias;
  alias.at = lexer_->here();
  std::optional<Word> from = word(WordKind::Name);
  if (!from) return expected("a path");
  if (!lexer_->accept("->")) return expected("\"->\"");
  std::optional<Word> to = word(WordKind::Name);
  if (!to) return expected("a path");
  alias.from = std::move(*from);
  alias.to = std::move(*to);
  policy_.aliases.push_back(std::move(alias));
  return end_of_rule();
}

bool Parser::abi() {
  IncludeName name;
  lexer_->skip();
  if (!include_name(name, true)) return false;
  Abi abi{name.at, name.path, {}};
  if (!(name.magic && name.path == "kernel")) {
    const auto path = find(name);
    if (!path) return error(name.at, "The abi file " + name.path + " does not exist.");
    abi.path = path->string();
    // Every abstraction names one, and only the first counts.
    if (policy_.abis.empty()) {
      const auto file = sources_.read(abi.path);
      if (!file) return error(name.at, "Cannot use this abi: " + file.error().text() + ".");
      abi.features = sources_.text(*file);
    }
  }
  policy_.abis.push_back(std::move(abi));
  return end_of_rule();
}

}  // namespace aspis::policy
