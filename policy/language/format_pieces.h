// SPDX-License-Identifier: Apache-2.0
// A policy file cut into the pieces that a layout is made of; private to the formatter.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/language/source.h"

namespace aspis::policy {

/// A word, a mark or a comment, and how it stands to the piece before.
struct Piece {
  enum class Kind { Text, Comment, Open, Close };

  Kind kind = Kind::Text;
  std::string_view text;   ///< of the source
  std::string_view gap;    ///< separates it from the piece before, if both are on one line
  std::size_t lines = 0;   ///< line ends of the source between the piece before and this one
  bool first = false;      ///< starts a statement
  bool glued = false;      ///< belongs to the piece before, even if a line end came between
  bool inner = false;      ///< not the first of a statement that has a comment inside
  bool ends_line = false;  ///< ends in a backslash, which would escape a blank after it
};

/// Fails with "FILE:LINE:COLUMN: error: MESSAGE" where the structure cannot be understood.
Result<std::vector<Piece>> cut_into_pieces(const Sources& sources, FileId file);

}  // namespace aspis::policy
