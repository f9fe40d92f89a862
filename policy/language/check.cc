// SPDX-License-Identifier: Apache-2.0
// Checks that need the whole policy: variables and globs, duplicate profiles, exec modes that
// conflict on one path.
#include <map>
#include <tuple>

#include "policy/language/context.h"
#include "policy/language/glob.h"
#include "policy/language/package_name.h"
#include "policy/language/parser_impl.h"
#include "policy/language/variables.h"

namespace aspis::policy {
namespace {

/// The form of a pattern shows in a few of its expansions.
constexpr ExpansionLimit kSample{64, true};

class Checker {
 public:
  Checker(const Policy& policy, Diagnostics& diagnostics)
      : policy_(policy), diagnostics_(diagnostics), variables_(policy.variables) {}

  void run() {
    for (const Profile& profile : policy_.profiles) {
      check_profile(profile, profile.policy_namespace.value_or(""), "");
    }
  }

  /// A glob; those of file rules may refer to the context of a thread.
  void pattern(const Word& word, bool context = false) {
    for (const std::string& text : expand(word, variables_, diagnostics_, kSample)) {
      auto wrong = context ? context_error(text) : no_context_error(text);
      if (!wrong) wrong = glob_error(without_context(text));
      if (!wrong) continue;
      diagnostics_.error(word.at, std::move(*wrong));
      return;
    }
  }

  void pattern(const std::optional<Word>& word, bool context = false) {
    if (word) pattern(*word, context);
  }

  // One overload for each rule class that has patterns.
  void rule(const FileRule& r) {
    pattern(r.path, true);
    pattern(r.target);
    pattern(r.link_target, true);
  }
  void rule(const LinkRule& r) {
    pattern(r.link, true);
    pattern(r.target, true);
  }
  void rule(const PythonRule& r) {
    pattern(r.event);
    for (const PythonArgument& argument : r.arguments) pattern(argument.value);
  }
  void rule(const RequireRule& r) { pattern(r.path); }
  void rule(const UnixRule& r) {
    for (const auto* word : {&r.type, &r.protocol, &r.address, &r.label, &r.attribute, &r.option,
                             &r.peer_address, &r.peer_label}) {
      pattern(*word);
    }
  }
  void rule(const MountRule& r) {
    for (const MountCondition& type : r.types) {
      for (const Word& word : type.values) pattern(word);
    }
    for (const auto* word : {&r.source, &r.mount_point, &r.old_root, &r.target}) pattern(*word);
  }
  void rule(const PtraceRule& r) { pattern(r.peer); }
  void rule(const SignalRule& r) { pattern(r.peer); }
  void rule(const DbusRule& r) {
    for (const auto* word :
         {&r.bus, &r.path, &r.interface, &r.member, &r.name, &r.peer_name, &r.peer_label}) {
      pattern(*word);
    }
  }
  void rule(const ChangeProfileRule& r) {
    pattern(r.exec);
    pattern(r.target);
  }
  void rule(const ChangeOnRule& r) { rule(r.python); }  // its target is a name, no pattern
  void rule(const IoUringRule& r) { pattern(r.label); }
  void rule(const MqueueRule& r) {
    pattern(r.label);
    pattern(r.name);
  }
  void rule(const CapabilityRule&) {}
  void rule(const NetworkRule&) {}
  void rule(const RlimitRule&) {}
  void rule(const UsernsRule&) {}
  void rule(const AllRule&) {}

 private:
  void check_profile(const Profile& profile, const std::string& policy_namespace,
                     const std::string& parent) {
    if (diagnostics_.full()) return;
    const std::string name = check_name(profile, parent.empty());
    const std::string full = parent.empty() ? name : parent + "//" + name;
    const auto [first, added] = names_.try_emplace({policy_namespace, full}, profile.at);
    if (!added) {
      diagnostics_.error(profile.at, "The profile " + full + " is defined already.",
                         {{first->second, "It is defined here first."}});
    }
    check_flags(profile);
    variables_.sets.insert_or_assign("profile_name",
                                     Variable{profile.at, {Word{full, profile.at, true}}});
    for (const Rule& r : profile.rules) {
      std::visit([this](const auto& body) { rule(body); }, r.body);
    }
    check_exec_modes(profile);
    check_change_profile(profile);
    check_change_on(profile, full);
    for (const LaunchCondition& launch : profile.launches) pattern(launch.glob);
    for (const ContainerCondition& condition : profile.container) pattern(condition.glob);
    check_packages(profile);
    check_python(profile.rules);
    for (const Profile& child : profile.children) check_profile(child, policy_namespace, full);
    variables_.sets.erase("profile_name");
  }

  std::string check_name(const Profile& profile, bool top) {
    variables_.sets.erase("profile_name");
    const auto names = expand(profile.name, variables_, diagnostics_, kSample);
    const bool path = profile.name.text.starts_with('/') || profile.name.text.starts_with('@');
    if (profile.attachment) {
      pattern(profile.attachment);
    } else if (path) {
      pattern(profile.name);
    }
    if (top && !profile.hat && !names.empty() && !profile.attachment && !profile.keyword &&
        !names.front().starts_with('/') && !profile.policy_namespace) {
      diagnostics_.error(profile.name.at,
                         "A profile without the keyword \"profile\" is named by a path, which "
                         "must start with \"/\".");
    }
    return names.empty() ? profile.name.text : names.front();
  }

  void check_flags(const Profile& profile) {
    for (const Flag& flag : profile.flags) {
      if (flag.name != "attach_disconnected.path" || !flag.value) continue;
      const Word word{*flag.value, flag.at, true};
      for (const std::string& path : expand(word, variables_, diagnostics_, kSample)) {
        if (path.starts_with('/')) continue;
        diagnostics_.error(flag.at, "The path of attach_disconnected.path must start with \"/\".");
        break;
      }
    }
  }

  // Two rules for the very same text; overlapping patterns are found when they are compiled.
  void check_exec_modes(const Profile& profile) {
    std::map<std::tuple<std::string, int>, std::vector<const Rule*>> seen;
    for (const Rule& r : profile.rules) {
      const auto* file = std::get_if<FileRule>(&r.body);
      if (file == nullptr || !file->path || !file->exec ||
          r.qualifiers.decision == Decision::Deny) {
        continue;
      }
      const std::string& path = file->path->text;
      const auto target_of = [](const FileRule& rule) {
        return rule.target ? std::optional(rule.target->text) : std::nullopt;
      };
      auto& same = seen[{path, r.qualifiers.priority}];
      bool known = false;
      for (const Rule* before : same) {
        const auto& other = std::get<FileRule>(before->body);
        if (!overlap(before->qualifiers.ownership, r.qualifiers.ownership)) continue;
        const bool equal = other.exec == file->exec && target_of(other) == target_of(*file);
        known = known || (equal && before->qualifiers.ownership == r.qualifiers.ownership);
        if (equal) continue;
        diagnostics_.error(r.at,
                           "This rule gives " + path + " another exec mode than an earlier rule.",
                           {{before->at, "The earlier rule is here."}});
        break;
      }
      if (diagnostics_.full()) return;
      if (!known) same.push_back(&r);
    }
  }

  void check_change_profile(const Profile& profile) {
    std::map<std::pair<std::string, std::string>, const Rule*> seen;
    for (const Rule& r : profile.rules) {
      const auto* change = std::get_if<ChangeProfileRule>(&r.body);
      if (change == nullptr || !change->exec || r.qualifiers.decision == Decision::Deny) continue;
      const auto [first, added] =
          seen.try_emplace({change->exec->text, change->target ? change->target->text : ""}, &r);
      const auto& other = std::get<ChangeProfileRule>(first->second->body);
      if (!added && other.scrub.value_or(true) != change->scrub.value_or(true)) {
        diagnostics_.error(r.at,
                           "This rule is safe and an earlier one for the same is unsafe, or "
                           "the other way round.",
                           {{first->second->at, "The earlier rule is here."}});
      }
    }
  }

  void check_change_on(const Profile& profile, const std::string& full) {
    const Rule* first = nullptr;
    for (const Rule& r : profile.rules) {
      const auto* change = std::get_if<ChangeOnRule>(&r.body);
      if (change == nullptr) continue;
      const bool listens = change->event.text == "listen";
      if (listens && first != nullptr &&
          std::get<ChangeOnRule>(first->body).target.text != change->target.text) {
        diagnostics_.error(change->target.at,
                           "The profile changes to another one on the same event.",
                           {{first->at, "The earlier rule is here."}});
      }
      if (listens) first = &r;
      const bool child = std::ranges::any_of(profile.children, [&](const Profile& known) {
        return known.name.text == change->target.text;
      });
      if (child) {
        diagnostics_.warning(change->target.at,
                             "The full name of a profile is meant, not that of the child " + full +
                                 "//" + change->target.text + ".");
      }
    }
  }

  void check_packages(const Profile& profile) {
    std::map<std::string, Position> seen;
    for (const Profile& package : profile.packages) {
      const auto [first, added] =
          seen.try_emplace(normalised_package_name(package.name.text), package.at);
      if (!added) {
        diagnostics_.error(package.at,
                           "The package " + package.name.text + " is in this profile already.",
                           {{first->second, "It is here first."}});
      }
      for (const Rule& r : package.rules) {
        std::visit([this](const auto& body) { rule(body); }, r.body);
      }
      check_python(package.rules);
    }
  }

  /// Events are allowed by themselves: to allow one is to except it from a rule that denies.
  void check_python(const std::vector<Rule>& rules) {
    for (const Rule& r : rules) {
      const Qualifiers& own = r.qualifiers;
      if (!std::holds_alternative<PythonRule>(r.body) || own.audit) continue;
      const bool excepts = std::ranges::any_of(rules, [&](const Rule& other) {
        return std::holds_alternative<PythonRule>(other.body) &&
               other.qualifiers.decision != Decision::Allow &&
               other.qualifiers.priority < own.priority;
      });
      if (own.decision != Decision::Allow || excepts) continue;
      diagnostics_.warning(r.at,
                           "This rule changes nothing: events are allowed, unless a rule of a "
                           "lower priority denies them.");
    }
  }

  static bool overlap(Ownership a, Ownership b) {
    return a == b || a == Ownership::Any || b == Ownership::Any;
  }

  const Policy& policy_;
  Diagnostics& diagnostics_;
  Variables variables_;  // with profile_name of the profile at hand
  std::map<std::pair<std::string, std::string>, Position> names_;
};

}  // namespace

void check(const Policy& policy, Diagnostics& diagnostics) {
  Checker(policy, diagnostics).run();
}

}  // namespace aspis::policy
