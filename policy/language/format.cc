// SPDX-License-Identifier: Apache-2.0
// Pieces put together again.
#include "policy/language/format.h"

#include "policy/language/format_pieces.h"

namespace aspis::policy {
namespace {

using Kind = Piece::Kind;

constexpr std::size_t kIndent = 2;
constexpr std::size_t kContinuation = 4;  // more than a block's, to tell them apart

bool starts_line(const Piece& before, const Piece& piece) {
  if (piece.first || piece.kind == Kind::Comment || before.kind == Kind::Comment) return true;
  if (before.ends_line) return true;
  // Beside a comment, the lines are the author's: they say what the comment is about.
  return piece.inner && piece.lines > 0 && !piece.glued && piece.kind != Kind::Open;
}

/// Whether it is a comment at the end of the line of the piece before.
bool follows_on_line(const Piece& piece) {
  return piece.kind == Kind::Comment && piece.lines == 0;
}

bool may_follow_empty_line(const Piece& piece) {
  if (piece.kind == Kind::Close || piece.lines < 2) return false;
  return piece.first || (piece.kind == Kind::Comment && !piece.inner);
}

std::size_t indent(const Piece& piece, std::size_t depth) {
  const bool whole =
      piece.first || piece.kind == Kind::Open || (piece.kind == Kind::Comment && !piece.inner);
  return depth * kIndent + (whole ? 0 : kContinuation);
}

}  // namespace

Result<std::string> format(const Sources& sources, FileId file) {
  std::string out;
  std::size_t depth = 0;
  const Piece* before = nullptr;
  bool block_begins = false;  // nothing but a comment beside its "{" was written
  const std::vector<Piece> pieces = TRY(cut_into_pieces(sources, file));
  for (const Piece& piece : pieces) {
    if (piece.kind == Kind::Close) depth--;
    if (before != nullptr && follows_on_line(piece)) {
      out += "  ";
    } else if (before != nullptr && starts_line(*before, piece)) {
      out += !block_begins && may_follow_empty_line(piece) ? "\n\n" : "\n";
      block_begins = false;
      out.append(indent(piece, depth), ' ');
    } else if (before != nullptr) {
      out += piece.gap;
    }
    out += piece.text;
    if (piece.kind == Kind::Open) {
      block_begins = true;
      depth++;
    }
    before = &piece;
  }
  if (!out.empty()) out += '\n';
  return out;
}

}  // namespace aspis::policy
