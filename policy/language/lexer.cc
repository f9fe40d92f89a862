// SPDX-License-Identifier: Apache-2.0
// The contextual words of apparmor.d(5).
#include "policy/language/lexer.h"

#include <algorithm>

namespace aspis::policy {
namespace {

bool is_keyword_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.';
}

// What may follow a comma that is part of a name.
bool is_id_char(char c) {
  return !is_space(c) && c != '"' && c != '!' && c != ',' && c != '\0';
}

}  // namespace

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool Lexer::at_include() const {
  constexpr std::string_view kInclude = "#include";
  return text_.substr(offset_, kInclude.size()) == kInclude &&
         (is_space(peek(kInclude.size())) || peek(kInclude.size()) == '<' ||
          peek(kInclude.size()) == '"');
}

void Lexer::skip_comment() {
  while (!at_end() && peek() != '\n') offset_++;
}

void Lexer::skip_blanks() {
  while (!at_end()) {
    const char c = peek();
    if (c == '\\' && peek(1) == '\n') {
      offset_ += 2;
    } else if (c == '\\' && peek(1) == '\r' && peek(2) == '\n') {
      offset_ += 3;
    } else if (c == '#' && !at_include()) {
      skip_comment();
    } else if (is_space(c) && c != '\n') {
      offset_++;
    } else {
      return;
    }
  }
}

void Lexer::skip() {
  skip_blanks();
  while (!at_end() && peek() == '\n') {
    offset_++;
    skip_blanks();
  }
}

bool Lexer::accept(std::string_view mark) {
  skip();
  if (text_.substr(offset_, mark.size()) != mark) return false;
  offset_ += mark.size();
  return true;
}

std::string_view Lexer::peek_keyword() {
  skip();
  std::size_t end = offset_;
  while (end < text_.size() && is_keyword_char(text_[end])) end++;
  return text_.substr(offset_, end - offset_);
}

bool Lexer::accept_keyword(std::string_view keyword) {
  if (peek_keyword() != keyword) return false;
  offset_ += keyword.size();
  return true;
}

std::optional<Word> Lexer::quoted(Diagnostics& diagnostics) {
  Word word{{}, here(), true};
  offset_++;
  while (!at_end() && peek() != '"') {
    if (peek() == '\0') break;
    if (peek() == '\\' && offset_ + 1 < text_.size()) {
      if (peek(1) != '"') word.text += '\\';
      offset_++;
    }
    word.text += peek();
    offset_++;
  }
  if (at_end() || peek() != '"') {
    diagnostics.error(word.at, "The quoted string that starts here has no end.");
    offset_ = text_.size();
    return std::nullopt;
  }
  offset_++;
  return word;
}

std::optional<Word> Lexer::word(WordKind kind, Diagnostics& diagnostics) {
  skip();
  if (peek() == '"') return quoted(diagnostics);
  const std::size_t start = offset_;
  const Position at = here();
  int braces = 0;
  while (!at_end()) {
    const char c = peek();
    if (c == '\\' && offset_ + 1 < text_.size() && peek(1) != '\n' && peek(1) != '\r') {
      offset_ += 2;
      continue;
    }
    if (is_space(c) || c == '"' || c == '!' || c == '\0') break;
    if (kind == WordKind::Name) {
      if (c == ',' && !is_id_char(peek(1))) break;
    } else {
      if (c == '(' || c == ')' || (c == ',' && braces == 0)) break;
      if (c == '{') braces++;
      if (c == '}') braces--;
    }
    offset_++;
  }
  if (offset_ == start) return std::nullopt;
  return Word{std::string(text_.substr(start, offset_ - start)), at, false};
}

void Lexer::resynchronise() {
  while (!at_end()) {
    skip();
    const char c = peek();
    if (c == '}') return;
    if (!at_end()) offset_++;
    if (c == '{' && offset_ >= 2 && text_[offset_ - 2] != '@' && is_space(text_[offset_ - 2])) {
      return;
    }
    if (c == ',' && (at_end() || is_space(peek()) || peek() == '}' || peek() == '#')) return;
  }
}

std::string Lexer::excerpt() const {
  if (at_end()) return "the end of the file";
  std::size_t end = offset_ + 1;
  while (end < text_.size() && end - offset_ < 30 && !is_space(text_[end])) end++;
  return "\"" + std::string(text_.substr(offset_, end - offset_)) + "\"";
}

}  // namespace aspis::policy
