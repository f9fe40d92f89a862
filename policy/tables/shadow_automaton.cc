// SPDX-License-Identifier: Apache-2.0
// The automaton before minimisation knows, for each of its states, the rules that match the strings
// leading there. There are few such sets, and nearly every rule is seen to decide in the first of
// its own: one pass over them finds the suspects, which are looked at more closely.
#include "policy/tables/shadow_automaton.h"

#include <algorithm>
#include <map>
#include <optional>

namespace aspis::policy {
namespace {

constexpr Ownership kHalves[] = {Ownership::Owner, Ownership::Other};
constexpr std::uint32_t kNoRule = UINT32_MAX;

bool allows(const Access& access) {
  return access.qualifiers.decision == Decision::Allow;
}

/// Rules of different kinds do not repeat one another.
std::size_t kind_of(const Rule& rule) {
  std::size_t operation = 0;
  if (const auto* mount = std::get_if<Boxed<MountRule>>(&rule.body))
    operation = static_cast<std::size_t>((*mount)->operation);
  return rule.body.index() + operation * std::variant_size_v<RuleBody>;
}

/// Without it, do all others of its decision still give the same log?
bool audit_stays(const Access& access, const Access& other) {
  const bool audit = access.qualifiers.audit, others = other.qualifiers.audit;
  return allows(access) ? !audit || others : audit || !others;
}

/// Why `other` makes `access` needless for one permission of a string that both match; nothing if
/// it does not (access.cc: resolve).
std::optional<Outdone> outdone(const Access& access, const Access& other, std::uint32_t bit) {
  const bool same_decision = allows(access) == allows(other);
  const bool same_file = access.at.file == other.at.file;
  const bool exec = bit == ASPIS_MAY_EXEC && allows(access) && allows(other);
  const bool same_exec = !exec || access.exec == other.exec;
  if (other.qualifiers.priority < access.qualifiers.priority) return std::nullopt;
  if (other.qualifiers.priority > access.qualifiers.priority) {
    if (!same_decision) return Outdone::Priority;
    if (!same_exec) return Outdone::ExecMode;
    return same_file ? std::optional(Outdone::Repeated) : std::nullopt;
  }
  if (!same_decision) return allows(access) ? std::optional(Outdone::Denied) : std::nullopt;
  if (exec && other.specificity < access.specificity) return std::nullopt;
  if (!same_exec) {
    return other.specificity > access.specificity ? std::optional(Outdone::ExecMode) : std::nullopt;
  }
  if (!same_file || !audit_stays(access, other)) return std::nullopt;
  return Outdone::Repeated;
}

class Judge {
 public:
  Judge(const std::vector<const Rule*>& judged, const Profile& profile,
        std::span<const Access> accesses, const automaton::Dfa& dfa, std::vector<Needless>& found)
      : accesses_(accesses), dfa_(dfa), found_(found) {
    std::map<std::pair<FileId, std::pair<std::uint32_t, std::uint32_t>>, std::uint32_t> places;
    const auto place = [](Position at) {
      return std::pair(at.file, std::pair(at.line, at.column));
    };
    for (const Rule& rule : profile.rules) {
      places.emplace(place(rule.at), static_cast<std::uint32_t>(places.size()));
    }
    states_.resize(places.size());
    for (const Rule& rule : profile.rules) states_[places.at(place(rule.at))].kind = kind_of(rule);
    for (const Rule* rule : judged) states_[places.at(place(rule->at))].judged = true;
    for (const Access& access : accesses) {
      const auto found = places.find(place(access.at));
      // What no rule says, but a flag, or the nature of a class, outdoes nothing.
      rule_of_.push_back(found == places.end() ? kNoRule : found->second);
    }
  }

  void run() {
    for (std::uint32_t set = 0; set < dfa_.accept_sets.size(); ++set) look_at(set);
    // The last first: of two rules that say the same, the earlier one stays.
    for (std::uint32_t access = static_cast<std::uint32_t>(accesses_.size()); access-- > 0;) {
      const std::uint32_t rule = rule_of_[access];
      if (rule == kNoRule || !states_[rule].suspect() || states_[rule].settled) continue;
      states_[rule].settled = true;
      settle(rule);
    }
  }

 private:
  struct State {
    std::size_t kind = 0;
    bool judged = false;
    bool matches = false;
    bool decides = false;
    bool exec_decides = false;  ///< or there is no exec mode in it
    bool exec = false;
    bool settled = false;
    bool needless = false;

    [[nodiscard]] bool suspect() const {
      return judged && matches && (!decides || (exec && !exec_decides));
    }
  };

  void look_at(std::uint32_t set) {
    const auto matching = dfa_.accept_sets[set];
    for (const std::uint32_t id : matching) {
      if (rule_of_[id] == kNoRule) continue;
      State& state = states_[rule_of_[id]];
      if (!state.judged) continue;
      state.matches = true;
      judge(id, matching, state, nullptr);
    }
  }

  /// What the access does in a set is added to `state`, and what outdoes it to `by`.
  void judge(std::uint32_t id, std::span<const std::uint32_t> matching, State& state,
             std::vector<Outdoer>* by) {
    const Access& access = accesses_[id];
    if (allows(access) && access.exec != 0) state.exec = true;
    for (std::uint32_t bits = access.permissions; bits != 0; bits &= bits - 1) {
      const std::uint32_t bit = bits & -bits;
      const bool exec = bit == ASPIS_MAY_EXEC && allows(access) && access.exec != 0;
      if (state.decides && (!exec || state.exec_decides)) continue;
      for (const Ownership half : kHalves) {
        if (!speaks(access, half)) continue;
        const auto outdoer = find(id, matching, bit, half);
        if (!outdoer) state.decides = true;
        if (exec && (!outdoer || outdoer->reason != Outdone::ExecMode)) state.exec_decides = true;
        if (outdoer && by != nullptr) add(*by, *outdoer);
      }
    }
  }

  static bool speaks(const Access& access, Ownership half) {
    return access.qualifiers.ownership == Ownership::Any || access.qualifiers.ownership == half;
  }

  static void add(std::vector<Outdoer>& by, const Outdoer& outdoer) {
    const bool known = std::ranges::any_of(by, [&](const Outdoer& other) {
      return other.at == outdoer.at && other.reason == outdoer.reason;
    });
    if (!known) by.push_back(outdoer);
  }

  /// The rule of the set that outdoes the access for the most telling reason.
  [[nodiscard]] std::optional<Outdoer> find(std::uint32_t id,
                                            std::span<const std::uint32_t> matching,
                                            std::uint32_t bit, Ownership half) const {
    std::optional<Outdoer> found;
    for (const std::uint32_t other : matching) {
      const std::uint32_t rule = rule_of_[other];
      if (rule == kNoRule || rule == rule_of_[id] || states_[rule].needless) continue;
      if ((accesses_[other].permissions & bit) == 0 || !speaks(accesses_[other], half)) continue;
      const auto reason = outdone(accesses_[id], accesses_[other], bit);
      // "network," and "unix," are two things to say, even where one grants the other.
      if (reason == Outdone::Repeated && states_[rule].kind != states_[rule_of_[id]].kind) continue;
      if (reason && (!found || *reason > found->reason)) found = {*reason, accesses_[other].at};
    }
    return found;
  }

  void settle(std::uint32_t rule) {
    State state{.judged = true};
    std::vector<Outdoer> by;
    for (std::uint32_t set = 0; set < dfa_.accept_sets.size(); ++set) {
      const auto matching = dfa_.accept_sets[set];
      for (const std::uint32_t id : matching) {
        if (rule_of_[id] == rule) judge(id, matching, state, &by);
      }
      if (state.decides && (!state.exec || state.exec_decides)) return;
    }
    states_[rule].needless = !state.decides;
    if (state.decides) {
      std::erase_if(by, [](const Outdoer& one) { return one.reason != Outdone::ExecMode; });
    }
    if (!by.empty()) found_.push_back({position_of(rule), std::move(by)});
  }

  [[nodiscard]] Position position_of(std::uint32_t rule) const {
    const auto access = std::ranges::find(rule_of_, rule);
    return accesses_[static_cast<std::size_t>(access - rule_of_.begin())].at;
  }

  const std::span<const Access> accesses_;
  const automaton::Dfa& dfa_;
  std::vector<Needless>& found_;
  std::vector<std::uint32_t> rule_of_;  // by access: index into states_
  std::vector<State> states_;           // by rule
};

}  // namespace

void judge_automaton(const Profile& profile, const std::vector<const Rule*>& judged,
                     std::span<const Access> accesses, const automaton::Dfa& dfa,
                     std::vector<Needless>& found) {
  if (judged.empty()) return;
  const std::size_t before = found.size();
  Judge(judged, profile, accesses, dfa, found).run();
  std::reverse(found.begin() + static_cast<std::ptrdiff_t>(before), found.end());
}

}  // namespace aspis::policy
