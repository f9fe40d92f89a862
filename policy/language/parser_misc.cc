// SPDX-License-Identifier: Apache-2.0
// capability, set rlimit, change_profile, all.
#include <charconv>
#include <limits>

#include "policy/language/parser_impl.h"

namespace aspis::policy {
namespace {

struct Unit {
  std::string_view name;
  RlimitUnit of;
  std::uint64_t factor;  // to bytes or microseconds
};
constexpr std::uint64_t kSecond = 1'000'000;
// A lone "m" is no unit: minutes, months or megabytes.
constexpr Unit kUnits[] = {
    {"K", RlimitUnit::Bytes, 1ull << 10},
    {"KB", RlimitUnit::Bytes, 1ull << 10},
    {"M", RlimitUnit::Bytes, 1ull << 20},
    {"MB", RlimitUnit::Bytes, 1ull << 20},
    {"G", RlimitUnit::Bytes, 1ull << 30},
    {"GB", RlimitUnit::Bytes, 1ull << 30},
    {"us", RlimitUnit::Microseconds, 1},
    {"microsecond", RlimitUnit::Microseconds, 1},
    {"microseconds", RlimitUnit::Microseconds, 1},
    {"ms", RlimitUnit::Microseconds, 1000},
    {"millisecond", RlimitUnit::Microseconds, 1000},
    {"milliseconds", RlimitUnit::Microseconds, 1000},
    {"s", RlimitUnit::Seconds, kSecond},
    {"sec", RlimitUnit::Seconds, kSecond},
    {"second", RlimitUnit::Seconds, kSecond},
    {"seconds", RlimitUnit::Seconds, kSecond},
    {"min", RlimitUnit::Seconds, 60 * kSecond},
    {"minute", RlimitUnit::Seconds, 60 * kSecond},
    {"minutes", RlimitUnit::Seconds, 60 * kSecond},
    {"h", RlimitUnit::Seconds, 3600 * kSecond},
    {"hour", RlimitUnit::Seconds, 3600 * kSecond},
    {"hours", RlimitUnit::Seconds, 3600 * kSecond},
    {"d", RlimitUnit::Seconds, 86400 * kSecond},
    {"day", RlimitUnit::Seconds, 86400 * kSecond},
    {"days", RlimitUnit::Seconds, 86400 * kSecond},
    {"week", RlimitUnit::Seconds, 604800 * kSecond},
    {"weeks", RlimitUnit::Seconds, 604800 * kSecond},
};

// The value of a limit in its own unit; nothing if the text is none.
std::optional<std::uint64_t> limit_value(std::string_view text, RlimitUnit unit) {
  if (unit == RlimitUnit::Nice) {
    int nice = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), nice);
    if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return std::nullopt;
    if (nice < -20 || nice > 19) return std::nullopt;
    return static_cast<std::uint64_t>(20 - nice);  // as setrlimit(2) counts
  }
  std::uint64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc()) return std::nullopt;
  const std::string_view suffix = text.substr(static_cast<std::size_t>(parsed.ptr - text.data()));
  if (suffix.empty()) return number;
  const Unit* found = find_name(std::span<const Unit>(kUnits), suffix);
  const bool time = unit == RlimitUnit::Seconds || unit == RlimitUnit::Microseconds;
  if (found == nullptr || (found->of == RlimitUnit::Bytes ? unit != RlimitUnit::Bytes : !time)) {
    return std::nullopt;
  }
  if (number > std::numeric_limits<std::uint64_t>::max() / found->factor) return std::nullopt;
  number *= found->factor;
  if (unit != RlimitUnit::Seconds) return number;
  if (number % kSecond != 0) return std::nullopt;
  return number / kSecond;
}

}  // namespace

bool Parser::capability_rule(Rule& rule) {
  CapabilityRule capability;
  for (;;) {
    const std::string_view name = lexer_->peek_keyword();
    if (name.empty()) break;
    const Position at = lexer_->here();
    lexer_->take(name.size());
    if (contains(capability_names(), name)) {
      capability.names.push_back({std::string(name), at, false});
    } else {
      error(at, "\"" + std::string(name) + "\" is not a capability; names are such as net_admin.");
    }
  }
  rule.body = std::move(capability);
  return true;
}

bool Parser::rlimit_rule(Rule& rule) {
  if (!lexer_->accept_keyword("rlimit")) return expected("\"rlimit\" after set");
  RlimitRule limit;
  lexer_->skip();
  limit.name = {std::string(lexer_->peek_keyword()), lexer_->here(), false};
  lexer_->take(limit.name.text.size());
  const Rlimit* known = find_name(rlimits(), limit.name.text);
  if (known == nullptr) {
    return error(limit.name.at, "\"" + limit.name.text + "\" is not a resource limit.");
  }
  if (!lexer_->accept("<=")) return expected("\"<=\"");
  Word number;
  if (!value(number, "the value of the limit")) return false;
  Word unit;
  lexer_->skip();
  if (lexer_->peek() != ',' && !value(unit, "a unit or \",\"")) return false;
  if (number.text != "infinity") {
    limit.value = limit_value(number.text + unit.text, known->unit);
    if (!limit.value) {
      error(number.at, "\"" + number.text + unit.text + "\" is not a value of the limit " +
                           limit.name.text + ".");
    }
  }
  if (rule.qualifiers.decision != Decision::Allow || rule.qualifiers.audit) {
    error(rule.at, "Resource limits take no qualifiers.");
  }
  rule.body = std::move(limit);
  return true;
}

bool Parser::change_on_rule(Rule& rule) {
  ChangeOnRule change;
  if (!value(change.event, "the event: listen, or python EVENT")) return false;
  if (change.event.text == "python") {
    if (!python_event(change.python)) return false;
  } else if (change.event.text != "listen") {
    error(change.event.at,
          "\"" + change.event.text +
              "\" is no event that a profile can change on: listen is, and python EVENT.");
  }
  std::optional<Word> target;
  if (!optional_target(target)) return false;
  if (!target) return expected("\"->\" and the profile to change to");
  change.target = std::move(*target);
  if (rule.qualifiers.decision != Decision::Allow || rule.qualifiers.audit ||
      rule.qualifiers.priority != 0) {
    error(rule.at, "\"change_profile on\" is an order, not a permission: it takes no qualifiers.");
  }
  rule.body = std::move(change);
  return true;
}

bool Parser::change_profile_rule(Rule& rule) {
  ChangeProfileRule change;
  lexer_->skip();
  const Position at = lexer_->here();
  if (lexer_->accept_keyword("on")) return change_on_rule(rule);
  if (lexer_->accept_keyword("safe")) {
    change.scrub = true;
  } else if (lexer_->accept_keyword("unsafe")) {
    change.scrub = false;
  }
  if (at_path()) {
    change.exec = word(WordKind::Name);
    if (!change.exec) return false;
    if (!change.exec->text.starts_with('/') && !change.exec->text.starts_with('@')) {
      error(change.exec->at, "The program of a change_profile rule must start with \"/\".");
    }
  }
  if (change.scrub && !change.exec) {
    error(at, "safe and unsafe are about a program to execute, which is missing here.");
  }
  if (!optional_target(change.target)) return false;
  rule.body = std::move(change);
  return true;
}

bool Parser::all_rule(Rule& rule) {
  rule.body = AllRule{};
  return true;
}

}  // namespace aspis::policy
