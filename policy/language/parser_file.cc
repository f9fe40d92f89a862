// SPDX-License-Identifier: Apache-2.0
// File and link rules, and the letters of their permissions.
#include <algorithm>
#include <cctype>

#include "policy/language/parser_impl.h"

namespace aspis::policy {
namespace {

struct Letter {
  char letter;
  std::uint8_t permission;
  bool upper;  // the upper case letter is accepted, too
};
constexpr Letter kLetters[] = {
    {'r', kRead, true}, {'w', kWrite, true}, {'a', kAppend, false},
    {'l', kLink, true}, {'k', kLock, false}, {'m', kMap, true},
};

const Letter* find_letter(char c) {
  for (const Letter& letter : kLetters) {
    const bool upper = letter.upper && std::tolower(static_cast<unsigned char>(c)) == letter.letter;
    if (c == letter.letter || upper) return &letter;
  }
  return nullptr;
}

char lower(char c) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

// The exec mode at the start of `text` (ix, ux, px, cx, pix, pux, cix, cux), and its length; 0 if
// there is none. The first letter's case says whether the environment is scrubbed.
std::size_t exec_mode(std::string_view text, Exec& exec) {
  const auto at = [&](std::size_t i) { return i < text.size() ? lower(text[i]) : '\0'; };
  exec.scrub = std::isupper(static_cast<unsigned char>(text[0])) != 0;
  switch (at(0)) {
    case 'i':
      exec.mode = ExecMode::Inherit;
      exec.scrub = false;
      return at(1) == 'x' ? 2 : 0;
    case 'u':
      exec.mode = ExecMode::Unconfined;
      return at(1) == 'x' ? 2 : 0;
    case 'p':
    case 'c':
      exec.mode = at(0) == 'p' ? ExecMode::Profile : ExecMode::Child;
      if (at(1) == 'x') return 2;
      exec.fallback = at(1) == 'i' ? ExecFallback::Inherit : ExecFallback::Unconfined;
      return (at(1) == 'i' || at(1) == 'u') && at(2) == 'x' ? 3 : 0;
    case 'x':
      exec.mode = ExecMode::Any;
      exec.scrub = false;
      return 1;
    default:
      return 0;
  }
}

}  // namespace

bool Parser::at_path() {
  lexer_->skip();
  const char c = lexer_->peek();
  return c == '/' || c == '@' || c == '"';
}

bool Parser::file_permissions(FileRule& file, const Rule& rule) {
  lexer_->skip();
  const Position at = lexer_->here();
  const std::string_view letters = lexer_->peek_keyword();
  if (letters.empty()) return expected("permissions such as \"rw\"");
  lexer_->take(letters.size());
  for (std::size_t i = 0; i < letters.size();) {
    if (const Letter* letter = find_letter(letters[i])) {
      file.permissions |= letter->permission;
      i++;
      continue;
    }
    Exec exec;
    const std::size_t length = exec_mode(letters.substr(i), exec);
    if (length == 0) {
      return error(at, "\"" + std::string(letters) + "\" is not a set of file permissions, at \"" +
                           std::string(letters.substr(i, 1)) + "\".");
    }
    if (file.exec && *file.exec != exec) {
      return error(at, "\"" + std::string(letters) + "\" has two exec modes that conflict.");
    }
    file.exec = exec;
    i += length;
  }
  if ((file.permissions & kWrite) != 0 && (file.permissions & kAppend) != 0) {
    error(at, "The permissions w and a exclude each other; w implies a.");
  }
  const bool deny = rule.qualifiers.decision == Decision::Deny;
  if (file.exec && deny && file.exec->mode != ExecMode::Any) {
    error(at, "A deny rule has the bare permission x, without a mode.");
  }
  if (file.exec && !deny && !in_package_ && file.exec->mode == ExecMode::Any) {
    error(at, "The permission x needs a mode: ix, px, cx or ux.");
  }
  return true;
}

bool Parser::file_rule(Rule& rule) {
  FileRule file;
  const bool keyword = lexer_->accept_keyword("file");
  lexer_->skip();
  if (keyword && lexer_->peek() == ',') {
    file.permissions = kRead | kWrite | kLink | kLock | kMap;
    if (rule.qualifiers.decision == Decision::Deny) {
      file.exec = Exec{};
    } else {
      file.exec = Exec{ExecMode::Inherit, ExecFallback::None, false};
    }
    rule.body = std::move(file);
    return true;
  }
  const Position at = lexer_->here();
  const bool unsafe = lexer_->accept_keyword("unsafe");
  const bool safe = !unsafe && lexer_->accept_keyword("safe");
  const bool path_first = !unsafe && !safe && at_path();
  bool subset = false;
  if (path_first) {
    file.path = word(WordKind::Name);
    if (!file.path || !file_permissions(file, rule)) return false;
  } else {
    if (!file_permissions(file, rule)) return false;
    subset = lexer_->accept_keyword("subset");
    if (!at_path()) return expected("a path, which starts with \"/\",");
    file.path = word(WordKind::Name);
    if (!file.path) return false;
  }
  if ((unsafe || safe) && !file.exec) {
    error(at, "safe and unsafe are about the permission x, which is missing here.");
  } else if ((unsafe || safe) && file.exec->mode != ExecMode::Inherit) {
    file.exec->scrub = safe;
  }
  if (file.path->text.empty() || (file.path->text[0] != '/' && file.path->text[0] != '@')) {
    error(file.path->at, "A path must start with \"/\" or a variable.");
  }
  if (!optional_target(file.target)) return false;
  const bool only_link = file.permissions == kLink && !file.exec;
  if (subset && !only_link) error(at, "Only a link rule can have the keyword subset.");
  if (!path_first && only_link && (file.target || subset)) {
    if (!file.target) return expected("\"->\" and the path that is linked to");
    rule.body = LinkRule{std::move(*file.path), std::move(file.target), subset};
    return true;
  }
  if (file.target) file_target(file, path_first);
  rule.body = std::move(file);
  return true;
}

/// What stands after "->" belongs to l only if the permissions come before the path; after the
/// path, AppArmor does not look at it.
void Parser::file_target(FileRule& file, bool path_first) {
  const bool named =
      file.exec && (file.exec->mode == ExecMode::Profile || file.exec->mode == ExecMode::Child);
  const bool link = (file.permissions & kLink) != 0;
  if (link && !path_first) {
    if (file.exec) {
      error(file.target->at,
            "Is this a profile for x or the target of l? Make it two rules, one for each.");
    }
    file.link_target = std::exchange(file.target, std::nullopt);
  } else if (link && !named) {
    diagnostics_.warning(file.target->at,
                         "This has no effect: every target is allowed. For this one alone put the "
                         "permissions before the path.");
    file.target.reset();
  } else if (!named) {
    error(file.target->at, "A profile after \"->\" needs the permission px or cx.");
  }
}

bool Parser::link_rule(Rule& rule) {
  LinkRule link;
  link.subset = lexer_->accept_keyword("subset");
  std::optional<Word> path = word(WordKind::Name);
  if (!path) return expected("a path");
  link.link = std::move(*path);
  if (!optional_target(link.target)) return false;
  if (!link.target) return expected("\"->\" and the path that is linked to");
  rule.body = std::move(link);
  return true;
}

}  // namespace aspis::policy
