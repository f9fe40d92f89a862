// SPDX-License-Identifier: Apache-2.0
// Everything but rules: includes, variables, heads and blocks.
#include <algorithm>

#include "policy/language/format_cutter.h"

namespace aspis::policy {
namespace {

constexpr std::string_view kInclude = "include";
constexpr std::size_t kMaxBlockDepth = 200;  // the parser's; indentation has an end, too

}  // namespace

bool Cutter::statement() {
  if (at("}")) return close_block();
  const std::string_view keyword = lexer_.peek_keyword();
  const bool file_follows =
      blank_or_name_follows(keyword.size()) || lexer_.peek(keyword.size()) == '<';
  if (at("#") || (keyword == kInclude && file_follows)) return include();
  if (blocks_.empty()) {
    if (at("$")) return boolean();
    if (at_assignment()) return assignment();
    if (keyword == "alias" || keyword == "rewrite") {
      take(keyword.size());
      return name() && body(Body::Rule);
    }
    // A profile, or a file rule of a fragment; ":" starts a namespace.
    if (at("/") || at("@") || at("\"") || at(":")) return name() && body(Body::Head);
  }
  if (keyword == "abi") return abi();
  if (keyword == "if") {
    take(keyword.size());
    return condition_of_if();
  }
  if (at("^")) {
    take(1);
    return take_word(WordKind::Name, Gap::None, "a name") && body(Body::Head);
  }
  if (keyword == kInclude || keyword == "profile" || keyword == "hat" || keyword == "package") {
    // A blank put after it would make it a keyword.
    if (keyword == kInclude || !blank_or_name_follows(keyword.size())) return expected("a rule");
    take(keyword.size());
    return name() && body(Body::Head);
  }
  return rule();
}

bool Cutter::include() {
  const std::size_t start = lexer_.offset();
  const std::size_t hash = at("#") ? 1 : 0;
  lexer_.take(hash + kInclude.size());
  add(start, text_.substr(start + hash, kInclude.size()), Gap::Space);
  if (lexer_.peek_keyword() == "if") {
    const std::size_t condition = lexer_.offset();
    lexer_.take(2);
    const bool exists = lexer_.peek_keyword() == "exists";
    lexer_.rewind(condition);
    if (exists) {
      take(2);
      lexer_.skip();
      take(std::string_view("exists").size());
    }
  }
  return file_name(false) && end_statement();
}

/// <name>, "name", or a bare one, which ends at a blank, and at a comma if `to_comma`.
bool Cutter::file_name(bool to_comma) {
  lexer_.skip();
  const Position here = lexer_.here();
  if (at("<")) {
    take(1);
    lexer_.skip_blanks();
    if (at("\"")) {
      if (!take_word(WordKind::Name, Gap::None, "a name")) return false;
    } else {
      std::string_view inside = text_.substr(lexer_.offset());
      inside = inside.substr(0, inside.find_first_of(">\n"));
      while (!inside.empty() && is_space(inside.back())) inside.remove_suffix(1);
      if (!inside.empty()) take(inside.size(), Gap::None);
    }
    lexer_.skip_blanks();
    if (!at(">")) return error(here, "The name that starts here has no \">\".");
    take(1, Gap::None);
    return true;
  }
  if (at("\"") || to_comma) return name();
  const std::string_view rest = text_.substr(lexer_.offset());
  const auto end = std::find_if(rest.begin(), rest.end(), is_space);
  const std::string_view bare(rest.begin(), end);
  if (bare.empty()) return expected("the name of a file");
  if (bare == "\\") return misplaced_backslash();
  take(bare.size());
  return true;
}

bool Cutter::abi() {
  take(std::string_view("abi").size());
  return file_name(true) && body(Body::Rule);
}

/// Ends with the line, so that no line end may come into it.
bool Cutter::assignment() {
  take(variable_length());
  lexer_.skip_blanks();
  take(at("=") ? 1 : 2);
  for (;;) {
    lexer_.skip_blanks();
    if (lexer_.at_end() || lexer_.peek() == '\n') return end_statement();
    if (!name()) return false;
    const char next = lexer_.peek();
    if (!lexer_.at_end() && !is_space(next) && next != ',') return expected("a blank");
  }
}

bool Cutter::boolean() {
  const std::size_t length = variable_length();
  if (length == 0) return expected("a variable");
  take(length);
  lexer_.skip();
  if (!at("=")) return expected("\"=\"");
  take(1);
  return name() && end_statement();
}

bool Cutter::open_block(bool conditional) {
  if (blocks_.size() >= kMaxBlockDepth) {
    return error(lexer_.here(), "Blocks are nested more than 200 deep.");
  }
  blocks_.push_back({lexer_.here(), conditional});
  take(1);
  pieces_.back().kind = Piece::Kind::Open;
  return end_statement();
}

bool Cutter::close_block() {
  if (blocks_.empty()) return error(lexer_.here(), "This \"}\" closes nothing.");
  const bool conditional = blocks_.back().conditional;
  blocks_.pop_back();
  take(1);
  pieces_.back().kind = Piece::Kind::Close;
  if (!conditional || lexer_.peek_keyword() != "else") return true;
  begin_statement();
  take(std::string_view("else").size());
  // Beside its "}" only if no comment is between them.
  pieces_.back().first = pieces_[pieces_.size() - 2].kind == Piece::Kind::Comment;
  if (lexer_.peek_keyword() == "if") {
    take(2);
    return condition_of_if();
  }
  return at("{") ? open_block(false) : expected("\"{\"");
}

bool Cutter::condition_of_if() {
  for (;;) {
    const std::string_view keyword = lexer_.peek_keyword();
    const std::size_t variable = at("$") || at("@") ? variable_length() : 0;
    if (at("{")) return open_block(true);
    if (keyword.empty() && variable == 0) return expected("a variable or \"{\"");
    take(keyword.empty() ? variable : keyword.size());
  }
}

}  // namespace aspis::policy
