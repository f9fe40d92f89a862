// SPDX-License-Identifier: Apache-2.0
// What the language has beyond AppArmor's: python=(…), python rules, package blocks, require
// signed.
#include <algorithm>

#include "policy/language/package_name.h"
#include "policy/language/parser_impl.h"

namespace aspis::policy {
namespace {

struct LaunchKind {
  std::string_view name;
  bool glob;  // takes a value
};
constexpr LaunchKind kLaunchKinds[] = {
    {"script", true},
    {"module", true},
    {"command", false},
    {"stdin", false},
};

}  // namespace

/// "python=(script=GLOB module=GLOB command stdin)", if it is next.
bool Parser::launches(Profile& profile) {
  lexer_->skip();
  const Position at = lexer_->here();
  if (!accept_condition("python")) return true;
  if (!lexer_->accept("(")) return expected("\"(\" after python=");
  while (!lexer_->accept(")")) {
    if (lexer_->accept(",")) continue;
    LaunchCondition launch;
    launch.kind = {std::string(lexer_->peek_keyword()), lexer_->here(), false};
    const LaunchKind* known =
        find_name(std::span<const LaunchKind>(kLaunchKinds), launch.kind.text);
    if (known == nullptr) {
      return expected("script=PATH, module=NAME, command, stdin or \")\" in python=");
    }
    lexer_->take(launch.kind.text.size());
    const bool has_value = lexer_->accept("=");
    if (has_value != known->glob) {
      return error(launch.kind.at, "In python=, " + launch.kind.text +
                                       (known->glob ? " needs a value." : " takes no value."));
    }
    if (has_value && !value(launch.glob.emplace(), "a value")) return false;
    if (launch.kind.text == "script" && !launch.glob->text.starts_with('/') &&
        !launch.glob->text.starts_with('@')) {
      error(launch.glob->at, "The path of a script must start with \"/\" or a variable.");
    }
    profile.launches.push_back(std::move(launch));
  }
  const std::string& name = profile.name.text;
  if (profile.launches.empty()) {
    error(at, "python=() names nothing that Python could run.");
  } else if (profile.hat) {
    error(at, "A hat is entered by request: it cannot attach by python=.");
  } else if (!profile.attachment && !is_path_start(name)) {
    error(at,
          "python= needs the path of the interpreter before it, as in profile NAME "
          "/usr/bin/python3* python=(…).");
  }
  return true;
}

/// "EVENT NAME=GLOB …", up to the end of the rule or "->".
bool Parser::python_event(PythonRule& python) {
  lexer_->skip();
  if (lexer_->peek() == ',' || lexer_->peek() == '-') return true;
  Word event;
  if (!value(event, "the name of an audit event")) return false;
  if (!event.quoted && event.text.find('=') != std::string::npos) {
    return error(event.at, "The event comes before its arguments: python EVENT NAME=VALUE.");
  }
  python.event = std::move(event);
  for (;;) {
    PythonArgument argument;
    argument.name = {std::string(lexer_->peek_keyword()), lexer_->here(), false};
    if (argument.name.text.empty() || argument.name.text.starts_with('-')) return true;
    lexer_->take(argument.name.text.size());
    if (!lexer_->accept("=")) return expected("\"=\" after the name of an argument");
    if (!value(argument.value, "a value")) return false;
    const auto same = std::ranges::find_if(python.arguments, [&](const PythonArgument& other) {
      return other.name.text == argument.name.text;
    });
    if (same != python.arguments.end()) {
      return error(argument.name.at, "The argument " + argument.name.text + "= is given twice.",
                   {{same->name.at, "It is given here first."}});
    }
    python.arguments.push_back(std::move(argument));
  }
}

bool Parser::python_rule(Rule& rule) {
  PythonRule python;
  if (!python_event(python)) return false;
  rule.body = std::move(python);
  return true;
}

bool Parser::require_rule(Rule& rule) {
  if (!lexer_->accept_keyword("signed")) return expected("\"signed\" after require");
  if (!at_path()) return expected("a path, which starts with \"/\",");
  std::optional<Word> path = word(WordKind::Name);
  if (!path) return false;
  if (!is_path_start(path->text)) error(path->at, "A path must start with \"/\" or a variable.");
  if (rule.qualifiers != Qualifiers{}) {
    error(rule.at, "\"require signed\" is a demand, not a permission: it takes no qualifiers.");
  }
  rule.body = RequireRule{std::move(*path)};
  return true;
}

bool Parser::package(Scope& outer, const Qualifiers& qualifiers) {
  Profile package;
  package.at = lexer_->here();
  lexer_->accept_keyword("package");
  std::optional<Word> name = word(WordKind::Name);
  if (!name) return expected("the name of a package");
  package.name = std::move(*name);
  const Position opened = lexer_->here();
  if (!lexer_->accept("{")) return expected("\"{\" that opens the package");
  const bool nested = std::exchange(in_package_, true);
  Scope scope{&package, {}};
  block(scope, {});
  in_package_ = nested;
  const bool closed = close_block(opened);
  if (nested) error(package.at, "A package cannot stand in another one.");
  if (qualifiers != Qualifiers{}) {
    error(package.at, "A package takes no qualifiers; its rules do.");
  }
  check_package(package);
  outer.profile->packages.push_back(std::move(package));
  return closed;
}

void Parser::check_package(const Profile& package) {
  if (!is_package_name(package.name.text)) {
    error(package.name.at, "\"" + package.name.text +
                               "\" is not the name of a Python package: letters, digits, \"-\", "
                               "\"_\" and \".\", the first and the last no mark.");
  }
  for (const Profile& child : package.children) {
    error(child.at, "A package has rules only: profiles and hats cannot stand in it.");
  }
  for (const Rule& rule : package.rules) {
    const auto* file = std::get_if<FileRule>(&rule.body);
    if (file != nullptr && file->target) {
      error(file->target->at,
            "In a package x leads nowhere by itself: the profile's rule says where to.");
    }
    const bool all = std::holds_alternative<AllRule>(rule.body);
    if (all && rule.qualifiers.decision == Decision::Allow) {
      error(rule.at, "A package only takes away: what it should not restrict needs no rule.");
    }
    if (std::holds_alternative<ChangeProfileRule>(rule.body) ||
        std::holds_alternative<ChangeOnRule>(rule.body)) {
      error(rule.at, "A package cannot change the profile.");
    } else if (std::holds_alternative<RlimitRule>(rule.body)) {
      error(rule.at, "A resource limit is one of the process: it cannot stand in a package.");
    } else if (std::holds_alternative<RequireRule>(rule.body)) {
      error(rule.at, "\"require signed\" holds for the process: it cannot stand in a package.");
    }
  }
}

}  // namespace aspis::policy
