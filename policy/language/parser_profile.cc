// SPDX-License-Identifier: Apache-2.0
// Profiles and hats: heads, flags, blocks, conditionals.
#include <algorithm>

#include "policy/language/parser_impl.h"

namespace aspis::policy {
namespace {

constexpr int kMaxBlockDepth = 200;

// '^' that is not escaped nor in a character class: the old way to name a hat from outside.
bool has_caret(std::string_view name) {
  bool in_class = false;
  for (std::size_t i = 0; i < name.size(); i++) {
    if (name[i] == '\\') {
      i++;
    } else if (name[i] == '[' || name[i] == ']') {
      in_class = name[i] == '[';
    } else if (name[i] == '^' && !in_class) {
      return true;
    }
  }
  return false;
}

}  // namespace

/// One that a name follows.
bool Parser::at_block_keyword(std::initializer_list<std::string_view> keywords) {
  const std::string_view keyword = lexer_->peek_keyword();
  if (std::ranges::count(keywords, keyword) == 0) return false;
  const char next = lexer_->peek(keyword.size());
  return is_space(next) || next == '"';
}

bool Parser::profile(Profile* parent) {
  Profile profile;
  profile.at = lexer_->here();
  if (lexer_->accept("^")) {
    profile.hat = true;
  } else if (at_profile_keyword()) {
    profile.hat = lexer_->accept_keyword("hat");
    profile.keyword = !profile.hat && lexer_->accept_keyword("profile");
  }
  if (!profile_head(profile)) return false;
  const Position opened = lexer_->here();
  if (!lexer_->accept("{")) return expected("\"{\" that opens the profile");
  if (parent != nullptr && profile.policy_namespace) {
    error(profile.at, "A child profile is in the namespace of its parent and cannot name one.");
  }
  if (parent != nullptr && !profile.container.empty()) {
    error(profile.container.front().key.at,
          "A child profile is where its parent is: container= belongs to the parent.");
  }
  Scope scope{&profile, {}};
  block(scope, {});
  const bool closed = close_block(opened);
  auto& siblings = parent != nullptr ? parent->children : policy_.profiles;
  profile.rules.shrink_to_fit();  // there are thousands, of half a kilobyte each
  siblings.push_back(std::move(profile));
  return closed;
}

bool Parser::profile_head(Profile& profile) {
  std::optional<Word> name = word(WordKind::Name);
  if (!name) return expected("the name of a profile");
  if (name->text.starts_with(':')) {
    const std::size_t end = name->text.find(':', 1);
    if (end == std::string::npos || end == 1) {
      return error(name->at, "A namespace is written :NAMESPACE:PROFILE.");
    }
    profile.policy_namespace = name->text.substr(1, end - 1);
    name->text.erase(0, end + 1);
    if (name->text.starts_with("//")) name->text.erase(0, 2);
  }
  if (name->text.empty()) error(name->at, "The name of the profile is empty.");
  if (has_caret(name->text)) {
    error(name->at, "A profile's name has no \"^\"; write \"hat PROFILE//HAT\" for a hat.");
  }
  profile.name = std::move(*name);
  lexer_->skip();
  const char next = lexer_->peek();
  if (next == '/' || next == '@' || next == '"') {
    profile.attachment = word(WordKind::Name);
    if (!profile.attachment) return false;
    if (!is_path_start(profile.attachment->text)) {
      error(profile.attachment->at, "An attachment is a path, so it must start with \"/\".");
    }
  }
  return xattrs(profile) && selectors(profile) && flags(profile);
}

/// python=(…) and container=(…), in any order.
bool Parser::selectors(Profile& profile) {
  for (;;) {
    lexer_->skip();
    const std::size_t start = lexer_->offset();
    if (!launches(profile) || !container(profile)) return false;
    lexer_->skip();
    if (lexer_->offset() == start) return true;
  }
}

bool Parser::xattrs(Profile& profile) {
  if (!accept_condition("xattrs")) return true;
  if (!lexer_->accept("(")) return expected("\"(\"");
  while (!lexer_->accept(")")) {
    if (lexer_->accept(",")) continue;
    Xattr xattr;
    const Position at = lexer_->here();
    const std::string_view name = lexer_->peek_keyword();
    if (name.empty()) return expected("the name of an extended attribute, or \")\"");
    xattr.name = {std::string(name), at, false};
    lexer_->take(name.size());
    if (lexer_->accept("=") && !value(xattr.value.emplace(), "a value")) return false;
    profile.xattrs.push_back(std::move(xattr));
  }
  return true;
}

bool Parser::flags(Profile& profile) {
  const bool keyword = accept_condition("flags");
  if (!lexer_->accept("(")) return !keyword || expected("\"(\"");
  while (!lexer_->accept(")")) {
    if (lexer_->accept(",")) continue;
    Flag flag;
    flag.at = lexer_->here();
    flag.name = lexer_->peek_keyword();
    if (flag.name.empty()) return expected("a flag, or \")\"");
    lexer_->take(flag.name.size());
    if (lexer_->accept("=")) {
      Word found;
      if (!value(found, "a value")) return false;
      flag.value = std::move(found.text);
    }
    profile.flags.push_back(std::move(flag));
  }
  check_flags(profile);
  return true;
}

void Parser::check_flags(const Profile& profile) {
  const Flag* seen[kFlagGroups + 1] = {};  // the last one of each group
  for (const Flag& flag : profile.flags) {
    const FlagName* known = find_name(flag_names(), flag.name);
    if (known == nullptr) {
      error(flag.at, "\"" + flag.name + "\" is not a flag of a profile.");
      continue;
    }
    const bool optional = flag.name == "attach_disconnected.ipc";
    const bool wanted =
        optional || flag.name == "error" || flag.name.find('.') != std::string::npos;
    const std::string value = flag.value.value_or("");
    if (flag.value ? !wanted : wanted && !optional) {
      error(flag.at, "The flag " + flag.name + (wanted ? " needs a value." : " takes no value."));
    } else if (flag.name == "error" && !is_errno(value)) {
      error(flag.at, "\"" + value + "\" is not the name of an error, such as EPERM.");
    } else if (flag.name == "kill.signal" && (!is_signal(value) || value == "exists")) {
      error(flag.at, "\"" + value + "\" is not the name of a signal, such as term.");
    } else if (flag.name == "attach_disconnected.path" && !is_path_start(value)) {
      error(flag.at, "The path of attach_disconnected.path must start with \"/\".");
    }
    if (known->group == 0) continue;
    const Flag*& before = seen[known->group];
    if (before != nullptr && before->name != flag.name) {
      error(flag.at, "The flags " + before->name + " and " + flag.name + " exclude each other.",
            {{before->at, before->name + " is given here."}});
    }
    before = &flag;
  }
}

/// Statements up to a '}' (not taken) or the end of the file.
void Parser::block(Scope& scope, const Qualifiers& qualifiers) {
  if (block_depth_ >= kMaxBlockDepth) {
    error(lexer_->here(), "Blocks are nested more than 200 deep.");
    return;
  }
  block_depth_++;
  for (;;) {
    lexer_->skip();
    if (lexer_->at_end() || lexer_->peek() == '}' || diagnostics_.full()) break;
    if (!statement(scope, qualifiers)) lexer_->resynchronise();
  }
  block_depth_--;
}

bool Parser::close_block(Position opened) {
  if (lexer_->accept("}")) return true;
  // Past a full list of errors nothing was read to its end.
  if (!diagnostics_.full()) {
    error(lexer_->here(), "The block has no closing \"}\".", {{opened, "It is opened here."}});
  }
  return false;
}

bool Parser::statement(Scope& scope, const Qualifiers& qualifiers) {
  if (at_include()) return include(scope, qualifiers);
  if (lexer_->peek() == '^' || at_profile_keyword()) return profile(scope.profile);
  if (at_block_keyword({"package"})) return package(scope, qualifiers);
  if (lexer_->accept_keyword("if")) return conditional(scope, qualifiers);
  if (lexer_->accept_keyword("abi")) return abi();
  return rule(scope, qualifiers);
}

/// A block in braces. One that is not taken is checked like any other text, then dropped.
bool Parser::branch(bool taken, Scope& scope, const Qualifiers& qualifiers) {
  const Position opened = lexer_->here();
  if (!lexer_->accept("{")) return expected("\"{\"");
  if (taken) {
    block(scope, qualifiers);
  } else {
    Profile unused;
    Scope inner{&unused, {}};
    block(inner, qualifiers);
  }
  return close_block(opened);
}

bool Parser::conditional(Scope& scope, const Qualifiers& qualifiers) {
  bool decided = false;  // by an earlier branch
  for (;;) {
    bool holds = false;
    if (!condition(holds) || !branch(holds && !decided, scope, qualifiers)) return false;
    decided = decided || holds;
    if (!lexer_->accept_keyword("else")) return true;
    if (!lexer_->accept_keyword("if")) return branch(!decided, scope, qualifiers);
  }
}

bool Parser::condition(bool& result) {
  bool negated = false;
  while (lexer_->accept_keyword("not")) negated = !negated;
  const bool defined = lexer_->accept_keyword("defined");
  lexer_->skip();
  const Position at = lexer_->here();
  const auto boolean = variable_name('$');
  if (boolean) {
    const auto found = policy_.variables.booleans.find(*boolean);
    if (found == policy_.variables.booleans.end() && !defined) {
      error(at, "The variable ${" + *boolean + "} is not defined.");
      return true;
    }
    result = (defined ? found != policy_.variables.booleans.end() : found->second.first) != negated;
    return true;
  }
  const auto set = variable_name('@');
  if (!set) return expected("a variable in the condition");
  if (!defined) return error(at, "Only \"defined\" can be asked of a variable that is a set.");
  result = policy_.variables.sets.contains(*set) != negated;
  return true;
}

}  // namespace aspis::policy
