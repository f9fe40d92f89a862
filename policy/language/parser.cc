// SPDX-License-Identifier: Apache-2.0
// What all rule classes share: errors, lists, conditions, permissions.
#include "policy/language/parser.h"

#include "policy/language/parser_impl.h"

namespace aspis::policy {

bool Parser::error(Position at, std::string message, std::vector<Note> notes) {
  diagnostics_.error(at, std::move(message), std::move(notes));
  return false;
}

bool Parser::expected(std::string_view what) {
  lexer_->skip();
  return error(lexer_->here(),
               "Expected " + std::string(what) + ", but found " + lexer_->excerpt() + ".");
}

bool Parser::end_of_rule() {
  return lexer_->accept(",") || expected("\",\" at the end of the rule");
}

bool Parser::value(Word& out, std::string_view what) {
  std::optional<Word> found = word(WordKind::Value);
  if (!found) return expected(what);
  out = std::move(*found);
  return true;
}

/// A value, or values in parentheses that blanks or commas separate.
bool Parser::value_list(std::vector<Word>& out) {
  if (!lexer_->accept("(")) return value(out.emplace_back(), "a value");
  while (!lexer_->accept(")")) {
    if (lexer_->accept(",")) continue;
    if (!value(out.emplace_back(), "a value or \")\"")) return false;
  }
  return true;
}

bool Parser::single_value(std::optional<Word>& out, std::string_view name) {
  if (out) {
    return error(lexer_->here(), "The condition " + std::string(name) + "= is given twice.",
                 {{out->at, "It is given here first."}});
  }
  std::vector<Word> values;
  const Position at = lexer_->here();
  if (!value_list(values)) return false;
  if (values.size() != 1) {
    return error(at, "The condition " + std::string(name) + "= takes exactly one value.");
  }
  out = std::move(values.front());
  return true;
}

/// Takes "name =".
bool Parser::accept_condition(std::string_view name) {
  const std::size_t start = lexer_->offset();
  if (lexer_->accept_keyword(name) && lexer_->accept("=")) return true;
  lexer_->rewind(start);
  return false;
}

/// Words of `allowed` before the conditions: one, several, or a list in parentheses.
bool Parser::permissions(std::vector<Word>& out, NameList allowed) {
  if (lexer_->accept("(")) {
    while (!lexer_->accept(")")) {
      if (lexer_->accept(",")) continue;
      if (!value(out.emplace_back(), "a permission or \")\"")) return false;
      if (!contains(allowed, out.back().text)) {
        error(out.back().at,
              "\"" + out.back().text + "\" is not a permission of this kind of rule.");
      }
    }
    return true;
  }
  while (contains(allowed, lexer_->peek_keyword())) {
    const Position at = lexer_->here();
    const std::string_view name = lexer_->peek_keyword();
    lexer_->take(name.size());
    out.push_back({std::string(name), at, false});
  }
  return true;
}

bool Parser::conditions(std::initializer_list<Condition> known) {
  for (bool found = true; found;) {
    found = false;
    for (const Condition& condition : known) {
      if (!accept_condition(condition.name)) continue;
      if (!single_value(*condition.value, condition.name)) return false;
      found = true;
    }
  }
  return true;
}

/// "peer=(name=value …)", if it is next.
bool Parser::peer_conditions(std::initializer_list<Condition> known) {
  if (!accept_condition("peer")) return true;
  if (!lexer_->accept("(")) return expected("\"(\" after peer=");
  while (!lexer_->accept(")")) {
    if (lexer_->accept(",")) continue;
    const std::size_t start = lexer_->offset();
    if (!conditions(known)) return false;
    if (lexer_->offset() == start) return expected("a condition of the peer, or \")\"");
    lexer_->skip();
  }
  return true;
}

bool Parser::optional_target(std::optional<Word>& target) {
  if (!lexer_->accept("->")) return true;
  target = word(WordKind::Name);
  return target || expected("a name after \"->\"");
}

void Parser::parse(FileId file) {
  Lexer lexer(sources_, file);
  lexer_ = &lexer;
  Scope scope;
  top_level(scope);
  lexer_ = nullptr;
}

Policy parse(Sources& sources, FileId file, const ParseOptions& options, Diagnostics& diagnostics) {
  Parser parser(sources, options, diagnostics);
  parser.parse(file);
  Policy policy = parser.take();
  check(policy, diagnostics);
  return policy;
}

}  // namespace aspis::policy
