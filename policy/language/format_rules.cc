// SPDX-License-Identifier: Apache-2.0
// Rules, and the words, conditions and lists in them.
#include <cctype>

#include "policy/language/format_cutter.h"
#include "policy/language/names.h"

namespace aspis::policy {
namespace {

constexpr std::string_view kQualifiers[] = {"audit",   "allow", "deny", "prompt",
                                            "audited", "owner", "user", "other"};
constexpr std::string_view kMountRules[] = {"mount", "remount", "umount", "unmount"};
constexpr std::string_view kMountConditions[] = {"options", "option", "fstype", "vfstype"};

}  // namespace

bool Cutter::rule() {
  bool qualified = false;
  for (;; qualified = true) {
    const std::string_view keyword = lexer_.peek_keyword();
    if (keyword == "priority" && at_condition()) {
      if (!condition()) return false;
    } else if (contains(kQualifiers, keyword)) {
      take(keyword.size());
    } else {
      break;
    }
  }
  if (qualified && at("{")) return open_block(false);
  const std::string_view keyword = lexer_.peek_keyword();
  if (contains(kMountRules, keyword)) return mount();
  if (keyword == "mqueue") {
    take(keyword.size());
    return body(Body::Queue);
  }
  if (keyword == "python") return python();
  if (keyword == "change_profile") {
    take(keyword.size());
    if (lexer_.peek_keyword() == "on") take(std::string_view("on").size());
    return lexer_.peek_keyword() == "python" ? python() : body(Body::Rule);
  }
  if (keyword == "link") {
    take(keyword.size());
    if (lexer_.peek_keyword() == "subset") take(std::string_view("subset").size());
    return name() && body(Body::Rule);
  }
  return body(Body::Rule);
}

bool Cutter::mount() {
  take(lexer_.peek_keyword().size());
  while (contains(kMountConditions, lexer_.peek_keyword())) {
    if (at_condition()) {
      if (!condition()) return false;
      continue;
    }
    const std::size_t start = lexer_.offset();
    const std::size_t length = lexer_.peek_keyword().size();
    lexer_.take(length);
    const bool any_of = lexer_.peek_keyword() == "in";
    lexer_.rewind(start);
    if (!any_of) break;
    take(length);
    lexer_.skip();
    take(2);
    lexer_.skip();
    if (!(at("(") ? list(Gap::Space) : take_word(WordKind::Value, Gap::Space, "a value"))) {
      return false;
    }
  }
  // Other than elsewhere, a name here may start with any letter.
  return (at(",") || at("->") || name()) && body(Body::Rule);
}

/// From the keyword on: an event's name may be a glob, which is no keyword.
bool Cutter::python() {
  take(lexer_.peek_keyword().size());
  lexer_.skip();
  if (!at(",") && !at("-") && !take_word(WordKind::Value, Gap::Space, "an event")) return false;
  return body(Body::Rule);
}

/// The rest of a statement, up to its "," or, of a head, its "{".
bool Cutter::body(Body kind) {
  for (;;) {
    lexer_.skip();
    const std::string_view keyword = lexer_.peek_keyword();
    const bool letter = std::isalpha(static_cast<unsigned char>(lexer_.peek())) != 0;
    if (at(",")) {
      take(1, braces_open_ ? Gap::Space : Gap::None);
      return end_statement();
    }
    if (at("{") && kind == Body::Head) return open_block(false);
    if (at("(")) {
      if (!list(Gap::Space, kind == Body::Head)) return false;
    } else if (at("/") || at("@") || at("\"") || (kind == Body::Queue && !letter && !at("}"))) {
      if (!name()) return false;
    } else if (at("->")) {
      take(2);
      if (!name()) return false;
    } else if (at("<=")) {
      take(2);
      if (!take_word(WordKind::Value, Gap::Space, "a value")) return false;
    } else if (keyword.empty()) {
      return expected(kind == Body::Head ? "\"{\" or \",\"" : "\",\" at the end of the rule");
    } else if (at_condition()) {
      if (!condition(kind == Body::Head)) return false;
    } else {
      if (kind == Body::Head) kind = Body::Rule;
      take(keyword.size());
    }
  }
}

/// "name=value" or "name=(list)".
bool Cutter::condition(bool of_head) {
  take(lexer_.peek_keyword().size());
  lexer_.skip();
  take(1, Gap::None);
  lexer_.skip();
  return at("(") ? list(Gap::None, of_head) : take_word(WordKind::Value, Gap::None, "a value");
}

/// A list in parentheses; lists may be nested in it. A head's flags and xattrs are keywords, which
/// end at any other character; elsewhere only names before "=" are.
bool Cutter::list(Gap gap, bool of_head) {
  const Position opened = lexer_.here();
  take(1, gap);
  for (std::size_t depth = 1; depth > 0;) {
    const std::string_view keyword = lexer_.peek_keyword();
    if (lexer_.at_end()) return error(opened, "The list that starts here has no \")\".");
    if (at("(")) depth++;
    if (at(")")) depth--;
    if (at("(") || at(")") || at(",") || at("=")) {
      take(1, Gap::AsWritten);
    } else if (!keyword.empty() && pieces_.back().text != "=" && (of_head || at_condition())) {
      take(keyword.size(), Gap::AsWritten);
    } else if (!take_word(WordKind::Value, Gap::AsWritten, "a value or \")\"")) {
      return false;
    }
  }
  return true;
}

}  // namespace aspis::policy
