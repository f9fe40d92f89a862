// SPDX-License-Identifier: Apache-2.0
#include "tests/naive/rules.h"

#include <algorithm>

namespace aspis::naive {
namespace {

bool contains(std::string_view letters, char letter) {
  return letters.find(letter) != std::string_view::npos;
}

std::string permissions_of(const Rule& rule) {
  if (!rule.target.empty()) return "";
  std::string permissions = rule.exec.empty() ? "" : "x";
  for (const char letter : rule.letters) {
    if (letter == 'w') permissions += "wacd";
    if (contains("rakm", letter)) permissions += letter;
  }
  return permissions;
}

/// "l" without a target is "link subset PATH -> /**"; what is denied is denied without a test.
std::string pair_permissions_of(const Rule& rule) {
  if (rule.target.empty() && !contains(rule.letters, 'l')) return "";
  return (rule.subset || rule.target.empty()) && !rule.deny ? "ls" : "l";
}

void keep_highest_priority(std::vector<const Rule*>& rules) {
  int highest = -1001;
  for (const Rule* rule : rules) highest = std::max(highest, rule->priority);
  std::erase_if(rules, [&](const Rule* rule) { return rule->priority < highest; });
}

/// Deny before allow; of exec modes, those of names before those of globs.
void keep_strongest(std::vector<const Rule*>& rules, char permission) {
  const auto keep_if_any = [&](auto&& stronger) {
    if (std::any_of(rules.begin(), rules.end(), stronger))
      std::erase_if(rules, [&](const Rule* rule) { return !stronger(rule); });
  };
  keep_if_any([](const Rule* rule) { return rule->deny; });
  if (permission == 'x' && !rules.empty() && !rules[0]->deny)
    keep_if_any([](const Rule* rule) { return is_name(rule->path); });
}

}  // namespace

bool is_name(std::string_view glob) {
  for (size_t i = 0; i < glob.size(); ++i) {
    if (glob[i] == '\\')
      ++i;
    else if (contains("*?", glob[i]) || glob.substr(i, 2) == "[^")
      return false;
  }
  return true;
}

std::string Rule::text() const {
  std::string text;
  if (priority != 0) text += "priority=" + std::to_string(priority) + " ";
  if (audit) text += "audit ";
  if (deny) text += "deny ";
  if (whose != Whose::kAll) text += whose == Whose::kOwner ? "owner " : "other ";
  if (target.empty()) return text + path + " " + letters + exec + ",";
  return text + "link " + (subset ? "subset " : "") + path + " -> " + target + ",";
}

Rules::Rules(std::vector<Rule> rules) {
  for (Rule& rule : rules) {
    rules_.push_back({rule, Glob(rule.path), Glob(rule.target.empty() ? "/**" : rule.target),
                      permissions_of(rule), pair_permissions_of(rule)});
  }
}

std::vector<const Rule*> Rules::speaking(char permission, std::string_view path, bool owner,
                                         std::string_view target) const {
  const bool pair = permission == 'l' || permission == 's';
  std::vector<const Rule*> found;
  for (const Compiled& compiled : rules_) {
    if (!contains(pair ? compiled.pair_permissions : compiled.permissions, permission)) continue;
    if (compiled.rule.whose == (owner ? Whose::kOther : Whose::kOwner)) continue;
    if (compiled.path.matches(path) && (!pair || compiled.target.matches(target)))
      found.push_back(&compiled.rule);
  }
  return found;
}

Say Rules::say(char permission, std::string_view path, bool owner, std::string_view target) const {
  std::vector<const Rule*> rules = speaking(permission, path, owner, target);
  keep_highest_priority(rules);
  keep_strongest(rules, permission);
  Say say;
  if (!rules.empty()) {
    say.denied = rules[0]->deny;
    say.allowed = !say.denied;
    const auto audits = std::count_if(rules.begin(), rules.end(), [](auto* r) { return r->audit; });
    // One rule that keeps a denial quiet is enough.
    say.audited = say.denied ? audits == std::ssize(rules) : audits > 0;
    if (permission == 'x' && say.allowed) say.exec = rules[0]->exec;
  }
  // ix implies m, unless that is denied.
  if (permission == 'm' && !say.denied && this->say('x', path, owner).exec == "ix")
    say.allowed = true;
  return say;
}

bool Rules::allow(std::string_view permissions, std::string_view path, bool owner) const {
  return std::all_of(permissions.begin(), permissions.end(),
                     [&](char permission) { return say(permission, path, owner).allowed; });
}

bool Rules::allow_link(std::string_view path, std::string_view target, bool owner) const {
  if (!say('l', path, owner, target).allowed) return false;
  if (!say('s', path, owner, target).allowed) return true;
  for (const char permission : std::string_view("wracdkm")) {
    if (allow({&permission, 1}, path, owner) && !allow({&permission, 1}, target, owner))
      return false;
  }
  const Say link = say('x', path, owner), old = say('x', target, owner);
  return !link.allowed || (old.allowed && link.exec == old.exec);
}

std::string Rules::text() const {
  std::string text;
  for (const Compiled& compiled : rules_) text += "  " + compiled.rule.text() + "\n";
  return text;
}

}  // namespace aspis::naive
