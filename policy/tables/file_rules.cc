// SPDX-License-Identifier: Apache-2.0
#include "policy/tables/file_rules.h"

#include <limits>

#include "policy/tables/transitions.h"

namespace aspis::policy {
namespace {

struct Letter {
  std::uint8_t written;
  std::uint16_t permissions;
};
constexpr Letter kLetters[] = {
    {kRead, ASPIS_MAY_READ},
    {kWrite, ASPIS_MAY_WRITE | ASPIS_MAY_APPEND | ASPIS_MAY_CREATE | ASPIS_MAY_DELETE},
    {kAppend, ASPIS_MAY_APPEND},
    {kLock, ASPIS_MAY_LOCK},
    {kMap, ASPIS_MAY_MAP},
};

const Word& everything() {
  static const Word word{"/{**,}", {}, true};
  return word;
}

/// What a link rule without a target speaks of: "/" is not among it.
const Word& every_target() {
  static const Word word{"/**", {}, true};
  return word;
}

class Lowering {
 public:
  Lowering(const std::string& name, const PatternContext& context, AccessRules& rules,
           std::vector<CompiledExec>& execs)
      : name_(name), context_(context), rules_(rules), execs_(execs) {}

  void file(const Rule& rule, const FileRule& file) {
    Access access{rule.at, rule.qualifiers};
    for (const Letter& letter : kLetters) {
      if ((file.permissions & letter.written) != 0) access.permissions |= letter.permissions;
    }
    if (file.exec) set_exec(file, access);
    const Word& path = file.path ? *file.path : everything();
    if (access.permissions != 0) rules_.add_path(path, access);
    if ((file.permissions & kLink) != 0) {
      Access link{rule.at, rule.qualifiers, ASPIS_MAY_LINK | ASPIS_LINK_SUBSET};
      const bool allow = rule.qualifiers.decision == Decision::Allow;
      if (!allow || file.link_target) link.permissions = ASPIS_MAY_LINK;
      rules_.add_pair(path, file.link_target ? *file.link_target : every_target(), link);
    }
  }

  void link(const Rule& rule, const LinkRule& link) {
    Access access{rule.at, rule.qualifiers, ASPIS_MAY_LINK};
    if (link.subset && rule.qualifiers.decision == Decision::Allow) {
      access.permissions |= ASPIS_LINK_SUBSET;
    }
    rules_.add_pair(link.link, link.target ? *link.target : every_target(), access);
  }

  void require(const Rule& rule, const RequireRule& require) {
    rules_.add_path(require.path, {rule.at, rule.qualifiers, ASPIS_REQUIRE_SIGNED});
  }

  /// What "all," and the flag default_allow stand for.
  void all(Position at, const Qualifiers& qualifiers) {
    FileRule file;
    file.permissions = kRead | kWrite | kLink | kLock | kMap;
    file.exec = Exec{ExecMode::Inherit, ExecFallback::None, false};
    if (qualifiers.decision == Decision::Deny) file.exec = Exec{};
    this->file({at, qualifiers, {}}, file);
  }

 private:
  void set_exec(const FileRule& file, Access& access) {
    access.permissions |= ASPIS_MAY_EXEC;
    if (file.exec->mode == ExecMode::Any) return;
    CompiledExec exec;
    exec.flags = file.exec->scrub ? ASPIS_EXEC_SCRUB : 0;
    switch (file.exec->mode) {
      case ExecMode::Unconfined:
        exec.mode = ASPIS_EXEC_UNCONFINED;
        break;
      case ExecMode::Profile:
        exec.mode = ASPIS_EXEC_PROFILE;
        break;
      case ExecMode::Child:
        exec.mode = ASPIS_EXEC_CHILD;
        break;
      case ExecMode::Inherit:
      case ExecMode::Any:
        break;
    }
    if (file.exec->fallback == ExecFallback::Inherit) exec.flags |= ASPIS_EXEC_ELSE_INHERIT;
    if (file.exec->fallback == ExecFallback::Unconfined) exec.flags |= ASPIS_EXEC_ELSE_UNCONFINED;
    if (file.target) set_targets(*file.target, name_, context_, exec);
    access.inherits =
        exec.mode == ASPIS_EXEC_INHERIT || (exec.flags & ASPIS_EXEC_ELSE_INHERIT) != 0;
    access.exec = add_transition(execs_, std::move(exec), access.at, context_.diagnostics);
  }

  const std::string& name_;
  const PatternContext& context_;
  AccessRules& rules_;
  std::vector<CompiledExec>& execs_;
};

}  // namespace

void lower_file_rules(const Profile& profile, const std::string& name,
                      const PatternContext& context, AccessRules& rules,
                      std::vector<CompiledExec>& execs) {
  Lowering lowering(name, context, rules, execs);
  for (const Rule& rule : profile.rules) {
    if (const auto* file = std::get_if<FileRule>(&rule.body)) lowering.file(rule, *file);
    if (const auto* link = std::get_if<LinkRule>(&rule.body)) lowering.link(rule, *link);
    if (const auto* signing = std::get_if<RequireRule>(&rule.body)) {
      lowering.require(rule, *signing);
    }
    if (std::holds_alternative<AllRule>(rule.body)) lowering.all(rule.at, rule.qualifiers);
  }
  for (const Flag& flag : profile.flags) {
    if (flag.name != "default_allow") continue;
    Qualifiers weakest;
    weakest.priority = std::numeric_limits<int>::min();
    lowering.all(flag.at, weakest);
  }
}

}  // namespace aspis::policy
