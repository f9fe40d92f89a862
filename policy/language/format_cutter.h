// SPDX-License-Identifier: Apache-2.0
// Where statements, blocks and words begin and end; private to the formatter. This follows the
// parser's grammar as far as blanks can matter in it, and no further.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/language/format_pieces.h"
#include "policy/language/lexer.h"

namespace aspis::policy {

/// Functions that return bool return false after an error, which is final.
class Cutter {
 public:
  Cutter(const Sources& sources, FileId file)
      : sources_(sources), text_(sources.text(file)), lexer_(sources, file) {}

  Result<std::vector<Piece>> cut();

 private:
  enum class Gap { None, Space, AsWritten };
  enum class Body { Rule, Queue, Head };
  struct Block {
    Position opened;
    bool conditional = false;
  };

  bool error(Position at, std::string message) {
    diagnostics_.error(at, std::move(message));
    return false;
  }
  bool expected(std::string_view what) {
    return error(lexer_.here(),
                 "Expected " + std::string(what) + ", but found " + lexer_.excerpt() + ".");
  }
  // A line end after it would make it continue the line, but it has none now, or a lone CR.
  bool misplaced_backslash() {
    return error(lexer_.here(), "A backslash here would mean something else in another layout.");
  }

  // Pieces.
  std::size_t add_comments(std::size_t end);
  Piece& add(std::size_t start, std::string_view text, Gap gap);
  void take(std::size_t bytes, Gap gap = Gap::Space);
  bool take_word(WordKind kind, Gap gap, std::string_view what);
  bool name() { return take_word(WordKind::Name, Gap::Space, "a name"); }
  void begin_statement() { beginning_ = true; }
  bool end_statement();

  // Statements.
  bool all_statements();
  bool statement();
  bool include();
  bool file_name(bool to_comma);
  bool abi();
  bool assignment();
  bool boolean();
  bool open_block(bool conditional);
  bool close_block();
  bool condition_of_if();
  bool rule();
  bool mount();
  bool python();
  bool body(Body kind);
  bool condition(bool of_head = false);
  bool list(Gap gap, bool of_head = false);

  // Looking ahead; nothing is taken.
  [[nodiscard]] bool at(std::string_view mark) const {
    return text_.substr(lexer_.offset(), mark.size()) == mark;
  }
  [[nodiscard]] bool blank_or_name_follows(std::size_t bytes) const;
  [[nodiscard]] std::size_t variable_length() const;
  bool at_assignment();
  bool at_condition();

  const Sources& sources_;
  std::string_view text_;
  Lexer lexer_;
  Diagnostics diagnostics_;
  std::vector<Piece> pieces_;
  std::vector<Block> blocks_;
  std::size_t end_ = 0;        // of the last piece
  std::size_t statement_ = 0;  // its first piece
  bool braces_open_ = false;   // of the value that is the last piece
  bool beginning_ = true;      // the next piece is the first one of a statement
};

}  // namespace aspis::policy
