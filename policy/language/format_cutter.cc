// SPDX-License-Identifier: Apache-2.0
// What all statements share: pieces with what stands between them, and looking ahead.
#include "policy/language/format_cutter.h"

#include <algorithm>
#include <cctype>
#include <utility>

namespace aspis::policy {
namespace {

// A backslash at the end of a line is part of the word before it, if no blank comes between.
bool ends_in_backslash(std::string_view word) {
  const std::size_t last = word.find_last_not_of('\\');
  const std::size_t others = last == std::string_view::npos ? 0 : last + 1;
  return (word.size() - others) % 2 == 1;
}

// A comma right after such a value would become a part of it.
bool has_open_braces(std::string_view word) {
  int braces = 0;
  for (std::size_t i = 0; i < word.size() && word[0] != '"'; i++) {
    if (word[i] == '{') braces++;
    if (word[i] == '}') braces--;
    if (word[i] == '\\') i++;
  }
  return braces != 0;
}

}  // namespace

Result<std::vector<Piece>> Cutter::cut() {
  if (all_statements()) return std::move(pieces_);
  // Its first line is file, place and message.
  const std::string rendered = render(diagnostics_.all().front(), sources_);
  return fail(rendered.substr(0, rendered.find('\n')));
}

bool Cutter::all_statements() {
  for (lexer_.skip(); !lexer_.at_end(); lexer_.skip()) {
    begin_statement();
    if (!statement()) return false;
  }
  if (!blocks_.empty()) {
    return error(blocks_.back().opened, "The block that starts here has no closing \"}\".");
  }
  add_comments(text_.size());
  if (!pieces_.empty() && pieces_.back().text == "#include") {
    // A comment only because the file ends here; a line end would make it an include.
    return error(lexer_.here(), "Expected the name of a file after \"#include\".");
  }
  return true;
}

/// Adds the comments from the last piece to `end`; returns the line ends after the last comment.
std::size_t Cutter::add_comments(std::size_t end) {
  std::size_t lines = 0;
  for (std::size_t i = end_; i < end; i++) {
    if (text_[i] == '\n') lines++;
    if (text_[i] != '#') continue;
    std::string_view comment = text_.substr(i, text_.find('\n', i) - i);
    i += comment.size() - 1;
    while (is_space(comment.back())) comment.remove_suffix(1);
    pieces_.push_back({Piece::Kind::Comment, comment, {}, std::exchange(lines, 0)});
  }
  return lines;
}

Piece& Cutter::add(std::size_t start, std::string_view text, Gap gap) {
  const std::string_view written = text_.substr(end_, start - end_);
  Piece piece;
  piece.text = text;
  piece.lines = add_comments(start);
  piece.first = std::exchange(beginning_, false);
  piece.glued = gap == Gap::None;
  if (piece.first) statement_ = pieces_.size();
  if (gap == Gap::Space) {
    piece.gap = " ";
  } else if (gap == Gap::AsWritten && written.find_first_not_of(" \t") == std::string_view::npos) {
    piece.gap = written;
  } else if (gap == Gap::AsWritten) {
    const bool tight = text == ")" || (text == "," && !braces_open_) || pieces_.back().text == "(";
    piece.gap = tight ? "" : " ";
  }
  end_ = lexer_.offset();
  braces_open_ = false;
  return pieces_.emplace_back(piece);
}

void Cutter::take(std::size_t bytes, Gap gap) {
  const std::size_t start = lexer_.offset();
  lexer_.take(bytes);
  add(start, text_.substr(start, bytes), gap);
}

bool Cutter::take_word(WordKind kind, Gap gap, std::string_view what) {
  lexer_.skip();
  const std::size_t start = lexer_.offset();
  const auto word = lexer_.word(kind, diagnostics_);
  if (!word) return diagnostics_.errors() == 0 ? expected(what) : false;
  const std::string_view text = text_.substr(start, lexer_.offset() - start);
  const bool ends_line = ends_in_backslash(text);
  const bool line_end = at("\n") || at("\r\n") || (lexer_.at_end() && text != "\\");
  if (ends_line && !line_end) return misplaced_backslash();
  add(start, text, gap).ends_line = ends_line;
  braces_open_ = kind == WordKind::Value && has_open_braces(text);
  return true;
}

bool Cutter::end_statement() {
  const auto first = pieces_.begin() + static_cast<std::ptrdiff_t>(statement_) + 1;
  const bool commented = std::any_of(
      first, pieces_.end(), [](const Piece& piece) { return piece.kind == Piece::Kind::Comment; });
  if (commented) std::for_each(first, pieces_.end(), [](Piece& piece) { piece.inner = true; });
  return true;
}

bool Cutter::blank_or_name_follows(std::size_t bytes) const {
  return is_space(lexer_.peek(bytes)) || lexer_.peek(bytes) == '"';
}

/// Bytes of "@{NAME}", "@NAME" or the same with "$"; 0 if none is here.
std::size_t Cutter::variable_length() const {
  const std::size_t first = lexer_.peek(1) == '{' ? 2 : 1;
  if (std::isalpha(static_cast<unsigned char>(lexer_.peek(first))) == 0) return 0;
  std::size_t end = first;
  while (std::isalnum(static_cast<unsigned char>(lexer_.peek(end))) != 0 ||
         lexer_.peek(end) == '_') {
    end++;
  }
  if (first == 1) return end;
  return lexer_.peek(end) == '}' ? end + 1 : 0;
}

bool Cutter::at_assignment() {
  if (!at("@") || variable_length() == 0) return false;
  const std::size_t start = lexer_.offset();
  lexer_.take(variable_length());
  lexer_.skip_blanks();
  const bool assigned = at("=") || at("+=");
  lexer_.rewind(start);
  return assigned;
}

bool Cutter::at_condition() {
  const std::size_t start = lexer_.offset();
  lexer_.take(lexer_.peek_keyword().size());
  lexer_.skip();
  const bool found = at("=");
  lexer_.rewind(start);
  return found;
}

Result<std::vector<Piece>> cut_into_pieces(const Sources& sources, FileId file) {
  return Cutter(sources, file).cut();
}

}  // namespace aspis::policy
