// SPDX-License-Identifier: Apache-2.0
#include "policy/tables/shadow.h"

#include <algorithm>
#include <limits>

#include "policy/language/names.h"

namespace aspis::policy {
namespace {

/// Enough to see what is the matter.
constexpr std::size_t kNotes = 3;

struct Wording {
  Outdone reason;
  const char* message;
  const char* note;
};
constexpr Wording kWordings[] = {
    {Outdone::Repeated, "This rule changes nothing: the same file says the same elsewhere.",
     "It is said here."},
    {Outdone::ExecMode,
     "The exec mode of this rule is never used: wherever it matches, a more specific rule or one "
     "of a higher priority has another.",
     "That rule is here."},
    {Outdone::Overwritten, "This rule decides nothing: a later one sets the same limit again.",
     "The later rule is here."},
    {Outdone::Priority,
     "This rule decides nothing: wherever it matches, another of a higher priority does.",
     "The rule of a higher priority is here."},
    {Outdone::Denied, "This rule allows nothing: wherever it matches, it is denied.",
     "The rule that denies is here."},
};

constexpr const char* kSeveralReasons =
    "This rule decides nothing: wherever it matches, others outdo it.";

const Wording& wording(Outdone reason) {
  return kWordings[static_cast<std::size_t>(reason)];
}

bool added_by_site(std::string_view file) {
  return file.find("/local/") != file.npos || file.starts_with("local/");
}

std::uint64_t capabilities_of(const CapabilityRule& body) {
  if (body.names.empty()) return std::numeric_limits<std::uint64_t>::max();
  const NameList names = capability_names();
  std::uint64_t bits = 0;
  for (const Word& word : body.names) {
    const auto at = std::find(names.begin(), names.end(), word.text);
    if (at != names.end()) bits |= std::uint64_t{1} << (at - names.begin());
  }
  return bits;
}

/// Capability rules know no priorities: what is denied is denied, and of two that say the same the
/// later one is told of.
void judge_capability(const Profile& profile, const Rule& rule, std::vector<Needless>& found) {
  const bool allow = rule.qualifiers.decision == Decision::Allow;
  std::uint64_t left = capabilities_of(std::get<CapabilityRule>(rule.body));
  std::vector<Outdoer> by;
  bool earlier = true;
  for (const Rule& other : profile.rules) {
    if (&other == &rule) earlier = false;
    const auto* body = std::get_if<CapabilityRule>(&other.body);
    if (body == nullptr || &other == &rule) continue;
    const bool denies = other.qualifiers.decision != Decision::Allow;
    const bool repeats = earlier && denies != allow && other.at.file == rule.at.file &&
                         other.qualifiers.audit == rule.qualifiers.audit;
    if (!(allow && denies) && !repeats) continue;
    const std::uint64_t covered = left & capabilities_of(*body);
    if (covered == 0) continue;
    left &= ~covered;
    by.push_back({repeats ? Outdone::Repeated : Outdone::Denied, other.at});
  }
  if (left == 0 && !by.empty()) found.push_back({rule.at, std::move(by)});
}

void judge_limit(const Profile& profile, const Rule& rule, std::vector<Needless>& found) {
  const std::string& name = std::get<RlimitRule>(rule.body).name.text;
  bool later = false;
  for (const Rule& other : profile.rules) {
    const auto* body = std::get_if<RlimitRule>(&other.body);
    if (later && body != nullptr && body->name.text == name) {
      found.push_back({rule.at, {{Outdone::Overwritten, other.at}}});
      return;
    }
    later = later || &other == &rule;
  }
}

void add_note(std::vector<Note>& notes, Position at, const char* text) {
  const bool told = std::ranges::any_of(notes, [&](const Note& note) { return note.at == at; });
  if (!told && notes.size() < kNotes) notes.push_back({at, text});
}

void tell_one(const Needless& rule, Diagnostics& diagnostics) {
  std::vector<Note> notes;
  for (const Outdoer& outdoer : rule.by) add_note(notes, outdoer.at, wording(outdoer.reason).note);
  const bool one_reason = rule.by.front().reason == rule.by.back().reason;
  diagnostics.warning(rule.at,
                      one_reason ? wording(rule.by.front().reason).message : kSeveralReasons,
                      std::move(notes));
}

/// Rules that are outdone in one way by one rule.
struct Group {
  bool repeated = false;
  std::vector<const Needless*> rules;
};

void tell_repeated(const Group& group, Diagnostics& diagnostics) {
  std::vector<Note> notes;
  for (const Needless* rule : group.rules) add_note(notes, rule->at, "It says all that this does.");
  diagnostics.warning(
      group.rules.front()->by.front().at,
      "This rule makes " + std::to_string(group.rules.size()) + " others of this file needless.",
      std::move(notes));
}

}  // namespace

std::vector<const Rule*> rules_to_judge(const Profile& profile, const Sources& sources) {
  std::vector<const Rule*> judged;
  for (const Rule& rule : profile.rules) {
    // "all," is meant as a ground for others to stand on.
    if (std::holds_alternative<AllRule>(rule.body)) continue;
    if (rule.at.file != profile.at.file && !added_by_site(sources.name(rule.at.file))) continue;
    judged.push_back(&rule);
  }
  return judged;
}

void judge_flat_rules(const Profile& profile, const std::vector<const Rule*>& judged,
                      std::vector<Needless>& found) {
  for (const Rule* rule : judged) {
    if (std::holds_alternative<CapabilityRule>(rule->body)) judge_capability(profile, *rule, found);
    if (std::holds_alternative<RlimitRule>(rule->body)) judge_limit(profile, *rule, found);
  }
}

void tell_needless(std::vector<Needless> found, Diagnostics& diagnostics) {
  std::vector<Group> groups;
  for (Needless& rule : found) {
    std::ranges::stable_sort(rule.by, std::ranges::greater(), &Outdoer::reason);
    const bool repeated = rule.by.front().reason == Outdone::Repeated;
    const auto same = std::ranges::find_if(groups, [&](const Group& group) {
      return repeated && group.repeated && group.rules.front()->by.front().at == rule.by.front().at;
    });
    if (same != groups.end()) {
      same->rules.push_back(&rule);
    } else {
      groups.push_back({repeated, {&rule}});
    }
  }
  for (const Group& group : groups) {
    if (group.rules.size() == 1) {
      tell_one(*group.rules.front(), diagnostics);
    } else {
      tell_repeated(group, diagnostics);
    }
  }
}

}  // namespace aspis::policy
