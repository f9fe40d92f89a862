// SPDX-License-Identifier: Apache-2.0
// Qualifiers, their blocks, and which keyword starts which rule.
#include <charconv>

#include "policy/language/parser_impl.h"

namespace aspis::policy {

bool Parser::qualifiers(Qualifiers& out, bool& any) {
  enum Stage { kPriority, kAudit, kDecision, kAnnounced, kOwner };
  struct Keyword {
    std::string_view name;
    Stage stage;
    Decision decision = Decision::Allow;
    Ownership ownership = Ownership::Any;
  };
  static constexpr Keyword kKeywords[] = {
      {"audit", kAudit},
      {"allow", kDecision, Decision::Allow},
      {"deny", kDecision, Decision::Deny},
      {"prompt", kDecision, Decision::Prompt},
      {"audited", kAnnounced},
      {"owner", kOwner, Decision::Allow, Ownership::Owner},
      {"user", kOwner, Decision::Allow, Ownership::Owner},
      {"other", kOwner, Decision::Allow, Ownership::Other},
  };
  int next = kPriority;
  for (;; any = true) {
    lexer_->skip();
    const Position at = lexer_->here();
    if (next == kPriority && accept_condition("priority")) {
      Word number;
      if (!value(number, "a number")) return false;
      const char* first = number.text.data() + (number.text.starts_with('+') ? 1 : 0);
      const char* last = number.text.data() + number.text.size();
      const auto parsed = std::from_chars(first, last, out.priority);
      if (parsed.ec != std::errc() || parsed.ptr != last || out.priority < -1000 ||
          out.priority > 1000) {
        out.priority = 0;
        error(number.at, "A priority is a number from -1000 to 1000.");
      }
      next = kAudit;
      continue;
    }
    const Keyword* keyword = find_name(std::span<const Keyword>(kKeywords), lexer_->peek_keyword());
    if (keyword == nullptr) return true;
    if (keyword->stage < next) {
      return error(at, "The qualifier " + std::string(keyword->name) +
                           " is in the wrong place; the order is priority, audit, "
                           "allow/deny/prompt, audited, owner/other, each once.");
    }
    lexer_->take(keyword->name.size());
    next = keyword->stage + 1;
    if (keyword->stage == kAudit) out.audit = true;
    if (keyword->stage == kAnnounced) out.audited = true;
    if (keyword->stage == kDecision) out.decision = keyword->decision;
    if (keyword->stage == kOwner) out.ownership = keyword->ownership;
  }
}

bool Parser::rule(Scope& scope, const Qualifiers& outer) {
  Rule rule;
  rule.at = lexer_->here();
  rule.qualifiers = outer;
  bool any = false;
  if (!qualifiers(rule.qualifiers, any)) return false;
  const Position opened = lexer_->here();
  if (any && lexer_->accept("{")) {
    block(scope, rule.qualifiers);
    return close_block(opened);
  }
  if (!rule_body(rule) || !end_of_rule()) return false;
  const bool file =
      std::holds_alternative<FileRule>(rule.body) || std::holds_alternative<LinkRule>(rule.body);
  if (rule.qualifiers.ownership != Ownership::Any && !file) {
    error(rule.at, "Only file and link rules can be limited to the owner of a file.");
  }
  if (rule.qualifiers.audited && !file) {
    error(rule.at, "Only file and link rules can be audited.");
  }
  if (rule.qualifiers.audited && rule.qualifiers.decision == Decision::Deny) {
    error(rule.at, "A rule that denies cannot be audited: audited says when it allows.");
  }
  scope.profile->rules.push_back(std::move(rule));
  return true;
}

bool Parser::rule_body(Rule& rule) {
  using Parse = bool (*)(Parser&, Rule&);
  struct Class {
    std::string_view name;
    Parse parse;
  };
  static constexpr Class kClasses[] = {
      {"capability", [](Parser& p, Rule& r) { return p.capability_rule(r); }},
      {"network", [](Parser& p, Rule& r) { return p.network_rule(r); }},
      {"unix", [](Parser& p, Rule& r) { return p.unix_rule(r); }},
      {"mount", [](Parser& p, Rule& r) { return p.mount_rule(r, MountOperation::Mount); }},
      {"remount", [](Parser& p, Rule& r) { return p.mount_rule(r, MountOperation::Remount); }},
      {"umount", [](Parser& p, Rule& r) { return p.mount_rule(r, MountOperation::Umount); }},
      {"unmount", [](Parser& p, Rule& r) { return p.mount_rule(r, MountOperation::Umount); }},
      {"pivot_root", [](Parser& p, Rule& r) { return p.pivot_root_rule(r); }},
      {"ptrace", [](Parser& p, Rule& r) { return p.ptrace_rule(r); }},
      {"signal", [](Parser& p, Rule& r) { return p.signal_rule(r); }},
      {"dbus", [](Parser& p, Rule& r) { return p.dbus_rule(r); }},
      {"set", [](Parser& p, Rule& r) { return p.rlimit_rule(r); }},
      {"change_profile", [](Parser& p, Rule& r) { return p.change_profile_rule(r); }},
      {"userns", [](Parser& p, Rule& r) { return p.userns_rule(r); }},
      {"io_uring", [](Parser& p, Rule& r) { return p.io_uring_rule(r); }},
      {"mqueue", [](Parser& p, Rule& r) { return p.mqueue_rule(r); }},
      {"all", [](Parser& p, Rule& r) { return p.all_rule(r); }},
      {"link", [](Parser& p, Rule& r) { return p.link_rule(r); }},
      {"python", [](Parser& p, Rule& r) { return p.python_rule(r); }},
      {"require", [](Parser& p, Rule& r) { return p.require_rule(r); }},
  };
  const Class* found = find_name(std::span<const Class>(kClasses), lexer_->peek_keyword());
  if (found == nullptr) return file_rule(rule);
  lexer_->take(found->name.size());
  return found->parse(*this, rule);
}

}  // namespace aspis::policy
