// SPDX-License-Identifier: Apache-2.0
// mount, remount, umount and pivot_root rules.
#include "policy/language/parser_impl.h"

namespace aspis::policy {

/// "name=value", "name=(values)" or "name in (values)", if it is next.
bool Parser::mount_condition(std::string_view name, std::vector<MountCondition>& out) {
  const std::size_t start = lexer_->offset();
  if (!lexer_->accept_keyword(name)) return true;
  MountCondition condition;
  if (!lexer_->accept("=")) {
    if (!lexer_->accept_keyword("in")) {
      lexer_->rewind(start);
      return true;
    }
    condition.any_of = true;
  }
  if (!value_list(condition.values)) return false;
  out.push_back(std::move(condition));
  return true;
}

bool Parser::mount_rule(Rule& rule, MountOperation operation) {
  MountRule mount;
  mount.operation = operation;
  for (std::size_t start = std::string::npos; start != lexer_->offset();) {
    start = lexer_->offset();
    if (!mount_condition("options", mount.options) || !mount_condition("option", mount.options) ||
        !mount_condition("fstype", mount.types) || !mount_condition("vfstype", mount.types)) {
      return false;
    }
    lexer_->skip();
  }
  const bool arrow = lexer_->peek() == '-' && lexer_->peek(1) == '>';
  if (lexer_->peek() != ',' && !arrow) {
    mount.source = word(WordKind::Name);
    if (!mount.source) return expected("a path, \"->\" or \",\"");
  }
  const Position target = lexer_->here();
  if (!optional_target(mount.mount_point)) return false;
  if (operation != MountOperation::Mount) {
    if (mount.mount_point) error(target, "Only mount rules have \"->\".");
    mount.mount_point = std::move(mount.source);
    mount.source.reset();
  }
  check_mount(mount, rule.at);
  rule.body = std::move(mount);
  return true;
}

void Parser::check_mount(const MountRule& mount, Position at) {
  const Word* propagation = nullptr;
  for (const MountCondition& condition : mount.options) {
    const MountOption* seen[kMountGroups + 1] = {};  // the last one of each group
    for (const Word& word : condition.values) {
      const MountOption* option = find_name(mount_options(), word.text);
      if (option == nullptr) {
        error(word.at, "\"" + word.text + "\" is not a mount option.");
        continue;
      }
      if (option->propagation && !condition.any_of) propagation = &word;
      if (option->group == 0 || condition.any_of) continue;
      const MountOption*& other = seen[option->group];
      if (other != nullptr && other->side != option->side) {
        error(word.at, "The options " + std::string(other->name) + " and " + word.text +
                           " exclude each other; \"options in (…)\" allows either.");
      }
      other = option;
    }
  }
  if (propagation != nullptr && mount.source && mount.mount_point) {
    error(
        propagation->at,
        "The option " + propagation->text + " changes how mounts propagate, which takes no source.",
        {{mount.source->at, "The source is given here."}});
  }
  if (mount.operation == MountOperation::Umount && !mount.types.empty()) {
    error(at, "Rules for umount have no fstype.");
  }
}

bool Parser::pivot_root_rule(Rule& rule) {
  MountRule pivot;
  pivot.operation = MountOperation::PivotRoot;
  if (!conditions({{"oldroot", &pivot.old_root}})) return false;
  lexer_->skip();
  if (at_path()) {
    pivot.mount_point = word(WordKind::Name);
    if (!pivot.mount_point) return false;
  }
  if (!optional_target(pivot.target)) return false;
  rule.body = std::move(pivot);
  return true;
}

}  // namespace aspis::policy
