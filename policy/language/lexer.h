// SPDX-License-Identifier: Apache-2.0
// Words of AppArmor's language. What a word is depends on where it stands, so the parser asks
// for the kind that it expects there.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "policy/language/diagnostic.h"
#include "policy/language/source.h"
#include "policy/language/syntax.h"

namespace aspis::policy {

enum class WordKind {
  Name,   ///< path, profile name, value of a variable: a comma belongs to it before an ID character
  Value,  ///< after "key=" and in lists: ends at a comma outside of braces, and at parentheses
};

/// Reads one file from its beginning to its end; never fails, never goes back by itself.
class Lexer {
 public:
  Lexer(const Sources& sources, FileId file)
      : sources_(sources), file_(file), text_(sources.text(file)) {}

  /// Passes blanks, line ends, comments and `\`-newline; "#include" is no comment.
  void skip();
  /// The same, but stays in the line.
  void skip_blanks();

  [[nodiscard]] bool at_end() const { return offset_ >= text_.size(); }
  [[nodiscard]] char peek(std::size_t ahead = 0) const {
    return offset_ + ahead < text_.size() ? text_[offset_ + ahead] : '\0';
  }
  [[nodiscard]] FileId file() const { return file_; }
  [[nodiscard]] std::size_t offset() const { return offset_; }
  void rewind(std::size_t offset) { offset_ = offset; }
  [[nodiscard]] Position here() const { return sources_.position(file_, offset_); }

  /// Takes a punctuation mark if it is next (after skip()).
  bool accept(std::string_view mark);

  /// The letters, digits, '_', '-' and '.' that come next (after skip()); takes nothing.
  std::string_view peek_keyword();
  /// Takes a keyword if it is next.
  bool accept_keyword(std::string_view keyword);
  void take(std::size_t bytes) { offset_ = std::min(text_.size(), offset_ + bytes); }

  /// Takes a word or a quoted string (after skip()); nothing if none starts here.
  /// A quoted string without its end is an error in `diagnostics`.
  std::optional<Word> word(WordKind kind, Diagnostics& diagnostics);

  /// After an error: passes the next ',' that ends a rule, or stops before '}' or after '{'.
  void resynchronise();

  /// A few characters at this place, for messages.
  [[nodiscard]] std::string excerpt() const;

 private:
  std::optional<Word> quoted(Diagnostics& diagnostics);
  [[nodiscard]] bool at_include() const;
  void skip_comment();

  const Sources& sources_;
  FileId file_;
  std::string_view text_;
  std::size_t offset_ = 0;
};

/// Blank, tab, line end: what separates words.
bool is_space(char c);

}  // namespace aspis::policy
