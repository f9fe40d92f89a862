// SPDX-License-Identifier: Apache-2.0
// Subset construction. A state is the set of positions that may match next.
#include "policy/automaton/dfa.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "policy/automaton/set_pool.h"

namespace aspis::automaton {
namespace {

constexpr size_t kHeaviest = 8;

class Subsets {
 public:
  Subsets(const Positions& positions, const std::vector<ByteSet>& sets, const DfaLimits& limits)
      : positions_(positions), limits_(limits) {
    std::vector<uint32_t> used = positions.set;
    std::ranges::sort(used);
    const auto repeated = std::ranges::unique(used);
    used.erase(repeated.begin(), repeated.end());
    if (!used.empty() && used.back() == Positions::kEndMark) used.pop_back();
    std::vector<ByteSet> used_sets;
    for (uint32_t set : used) used_sets.push_back(sets[set]);
    dfa_.classes = byte_classes(used_sets);

    classes_of_set_.resize(sets.size());
    seen_set_.resize(sets.size());
    groups_of_set_.resize(sets.size());
    for (uint32_t set : used) {
      ByteSet in_classes;
      for (uint32_t byte = 0; byte < 256; ++byte) {
        if (sets[set][byte]) in_classes.set(dfa_.classes.of[byte]);
      }
      for (uint32_t c = 0; c < dfa_.classes.count; ++c) {
        if (in_classes[c]) classes_of_set_[set].push_back(c);
      }
    }
    mark_of_.resize(positions.set.size());
    uint32_t marks = 0;
    for (size_t p = 0; p < positions.set.size(); ++p) {
      if (positions.set[p] == Positions::kEndMark) mark_of_[p] = marks++;
    }
    seen_position_.resize(positions.set.size());
    group_of_.resize(dfa_.classes.count);
  }

  tl::expected<Dfa, BlowUp> run() {
    dfa_.accept_sets.intern({});
    states_.intern({});  // the dead state
    dfa_.start = states_.intern(positions_.follows[positions_.first]).id;
    for (uint32_t state = 0; state < states_.size(); ++state) {
      if (states_.size() > limits_.states || states_.total() + unions_.total() > limits_.entries) {
        return blow_up();
      }
      expand(state);
    }
    unions_ = {};
    dfa_.heaviest = heaviest();
    states_ = {};
    seal();
    return std::move(dfa_);
  }

 private:
  /// Arrays grow by doubling: half of the automaton may be room for more.
  void seal() {
    dfa_.shapes.seal();
    dfa_.accept_sets.seal();
    for (auto* array : {&dfa_.shape, &dfa_.row, &dfa_.targets, &dfa_.accept})
      array->shrink_to_fit();
  }

  /// Classes that no position of the state at hand tells apart, and what follows the positions that
  /// they match.
  struct Group {
    uint32_t split = 0;             // group that takes what is inside of the set at hand
    std::vector<uint32_t> follows;  // ids of follow sets
  };

  void expand(uint32_t state) {
    states_.read(state, positions_now_);
    find_groups();
    for (uint32_t position : positions_now_) {
      const uint32_t set = positions_.set[position];
      if (set == Positions::kEndMark) continue;
      for (uint32_t group : groups_of_set_[set]) {
        groups_[group].follows.push_back(positions_.follow[position]);
      }
    }
    targets_.clear();
    for (uint32_t g = 0; g < group_count_; ++g) targets_.push_back(target(groups_[g].follows));
    add_row();
    dfa_.accept.push_back(accepted());
  }

  /// Numbers the targets in the order of classes, equal ones as one: so that alike rows have the
  /// same shape.
  void add_row() {
    const size_t begin = dfa_.targets.size();
    for (uint32_t g = 0; g < group_count_; ++g) groups_[g].split = kNoGroup;
    for (uint32_t& group : group_of_) {
      if (groups_[group].split == kNoGroup) {
        const auto same = std::find(dfa_.targets.begin() + static_cast<ptrdiff_t>(begin),
                                    dfa_.targets.end(), targets_[group]);
        groups_[group].split = static_cast<uint32_t>(same - dfa_.targets.begin() - begin);
        if (same == dfa_.targets.end()) dfa_.targets.push_back(targets_[group]);
      }
      group = groups_[group].split;
    }
    dfa_.shape.push_back(dfa_.shapes.intern(group_of_).id);
    dfa_.row.push_back(static_cast<uint32_t>(dfa_.targets.size()));
  }

  /// Refines the classes by the byte sets of the state's positions, and leaves in groups_of_set_
  /// the groups of each.
  void find_groups() {
    ++stamp_;
    group_count_ = 0;
    const uint32_t all = new_group();
    std::ranges::fill(group_of_, all);
    sets_now_.clear();
    for (uint32_t position : positions_now_) {
      const uint32_t set = positions_.set[position];
      if (set == Positions::kEndMark || seen_set_[set] == stamp_) continue;
      seen_set_[set] = stamp_;
      sets_now_.push_back(set);
      refine(classes_of_set_[set]);
    }
    for (uint32_t set : sets_now_) {
      auto& groups = groups_of_set_[set];
      groups.clear();
      ++group_stamp_;
      for (uint32_t c : classes_of_set_[set]) {
        uint64_t& seen = seen_group_[group_of_[c]];
        if (seen == group_stamp_) continue;
        seen = group_stamp_;
        groups.push_back(group_of_[c]);
      }
    }
  }

  void refine(const std::vector<uint32_t>& classes) {
    const uint32_t before = group_count_;
    for (uint32_t c : classes) {
      const uint32_t from = group_of_[c];
      if (groups_[from].split == kNoGroup) {
        const uint32_t added = new_group();
        groups_[from].split = added;
      }
      const uint32_t to = groups_[from].split;
      group_of_[c] = to;
    }
    for (uint32_t g = 0; g < before; ++g) groups_[g].split = kNoGroup;
  }

  uint32_t new_group() {
    if (group_count_ == groups_.size()) {
      groups_.emplace_back();
      seen_group_.push_back(0);
    }
    Group& group = groups_[group_count_];
    group.split = kNoGroup;
    group.follows.clear();
    return group_count_++;
  }

  /// State of the union of these follow sets. The unions are remembered: most states ask for the
  /// same few.
  uint32_t target(std::vector<uint32_t>& follows) {
    if (follows.empty()) return 0;
    if (!std::ranges::is_sorted(follows)) std::ranges::sort(follows);
    follows.erase(std::unique(follows.begin(), follows.end()), follows.end());
    const auto [id, is_new] = unions_.intern(follows);
    if (!is_new) return state_of_union_[id];
    ++position_stamp_;
    union_.clear();
    for (uint32_t follow : follows) {
      for (uint32_t position : positions_.follows[follow]) {
        if (seen_position_[position] == position_stamp_) continue;
        seen_position_[position] = position_stamp_;
        union_.push_back(position);
      }
    }
    std::ranges::sort(union_);
    state_of_union_.push_back(states_.intern(union_).id);
    return state_of_union_[id];
  }

  uint32_t accepted() {
    rules_now_.clear();
    for (uint32_t position : positions_now_) {
      if (positions_.set[position] == Positions::kEndMark) {
        rules_now_.push_back(positions_.marks[mark_of_[position]]);
      }
    }
    std::ranges::sort(rules_now_);
    rules_now_.erase(std::unique(rules_now_.begin(), rules_now_.end()), rules_now_.end());
    return dfa_.accept_sets.intern(rules_now_).id;
  }

  /// Counts for each rule how often its positions are in a state.
  [[nodiscard]] std::vector<RuleId> heaviest() const {
    std::vector<int64_t> steps(positions_.marks.size() + 1);  // differences of the counts
    std::vector<uint32_t> members;
    for (uint32_t state = 0; state < states_.size(); ++state) {
      states_.read(state, members);
      for (uint32_t position : members) {
        ++steps[positions_.mark_lo[position]];
        --steps[positions_.mark_hi[position]];
      }
    }
    std::map<RuleId, int64_t> counts;
    int64_t count = 0;
    for (size_t mark = 0; mark < positions_.marks.size(); ++mark) {
      count += steps[mark];
      counts[positions_.marks[mark]] += count;
    }
    std::vector<std::pair<int64_t, RuleId>> order;
    for (const auto& [rule, times] : counts) order.emplace_back(-times, rule);
    std::ranges::sort(order);
    std::vector<RuleId> rules;
    for (const auto& [times, rule] : order) {
      // A rule that is in far fewer states than the first is not to blame.
      if (rules.size() == kHeaviest || times * 4 > order[0].first) break;
      rules.push_back(rule);
    }
    return rules;
  }

  tl::unexpected<BlowUp> blow_up() const {
    const std::string need =
        states_.size() > limits_.states
            ? "more than " + std::to_string(limits_.states) + " states"
            : "states of more than " + std::to_string(limits_.entries) + " positions altogether";
    return tl::unexpected<BlowUp>(
        {"the rules together need " + need +
             ", as the matches of several ** have to be told apart at once: replace ** by * or by "
             "names, or use fewer such rules",
         heaviest()});
  }

  static constexpr uint32_t kNoGroup = UINT32_MAX;

  const Positions& positions_;
  const DfaLimits limits_;
  Dfa dfa_;
  SetPool states_;  // of positions; ids are states
  SetPool unions_;  // of follow sets
  std::vector<uint32_t> state_of_union_;
  std::vector<std::vector<uint32_t>> classes_of_set_;
  std::vector<uint32_t> mark_of_;

  // Of the state at hand; kept to save allocations.
  std::vector<uint32_t> positions_now_, sets_now_, rules_now_, union_, targets_;
  std::vector<std::vector<uint32_t>> groups_of_set_;
  std::vector<Group> groups_;
  std::vector<uint32_t> group_of_;
  uint32_t group_count_ = 0;
  uint64_t stamp_ = 0, group_stamp_ = 0, position_stamp_ = 0;
  std::vector<uint64_t> seen_set_, seen_group_, seen_position_;
};

}  // namespace

tl::expected<Dfa, BlowUp> build_dfa(Expressions& expressions, std::span<const Rule> rules,
                                    const DfaLimits& limits) {
  std::vector<ExpressionId> ended;
  ended.reserve(rules.size());
  for (const Rule& rule : rules) {
    const ExpressionId parts[] = {rule.expression, expressions.accept(rule.id)};
    ended.push_back(expressions.concat(parts));
  }
  const ExpressionId root = expressions.alternate(ended);
  const auto positions = find_positions(expressions, root, limits.entries);
  if (!positions) return tl::unexpected(positions.error());
  return Subsets(*positions, expressions.sets(), limits).run();
}

}  // namespace aspis::automaton
