// SPDX-License-Identifier: Apache-2.0
#include "policy/automaton/positions.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace aspis::automaton {
namespace {

using Sequence = std::vector<uint32_t>;

/// What the parts of an expression that were visited so far amount to.
struct Summary {
  bool nullable = false;
  Sequence first;
  Sequence last;
};

void append(Sequence& to, const Sequence& from) {
  to.insert(to.end(), from.begin(), from.end());
}

/// One walk through the tree with a stack of its own: how deep it is, is the user's choice.
class Walk {
 public:
  Walk(const Expressions& expressions, ExpressionId root, size_t limit)
      : expressions_(expressions), root_(root), limit_(limit) {}

  tl::expected<Positions, BlowUp> run() {
    found_.follows.intern({});
    enter(root_);
    while (true) {
      Visit& visit = stack_.back();
      const bool leaf = is_leaf(visit.id);
      if (!leaf && visit.next < expressions_.parts(visit.id).size()) {
        visit.last_part_at = static_cast<uint32_t>(found_.set.size());
        enter(expressions_.parts(visit.id)[visit.next++]);
        continue;
      }
      if (leaf) place(visit);
      const Summary done = leave();
      if (pairs_ > limit_ || found_.set.size() > limit_) return too_big();
      if (stack_.empty()) {
        finish(done);
        return std::move(found_);
      }
      add_part(stack_.back(), done);
    }
  }

 private:
  struct Visit {
    ExpressionId id;
    uint32_t next = 0;  // part to visit
    uint32_t position_at;
    uint32_t last_part_at;  // position at which its last part begins
    uint32_t mark_at;
    Summary summary;
  };

  [[nodiscard]] bool is_leaf(ExpressionId id) const {
    const ExpressionKind kind = expressions_.kind(id);
    return kind == ExpressionKind::kEmpty || kind == ExpressionKind::kSet ||
           kind == ExpressionKind::kAccept;
  }

  void enter(ExpressionId id) {
    const auto position = static_cast<uint32_t>(found_.set.size());
    const auto mark = static_cast<uint32_t>(found_.marks.size());
    stack_.push_back({id, 0, position, position, mark, {}});
    stack_.back().summary.nullable = expressions_.kind(id) == ExpressionKind::kConcat;
  }

  void place(Visit& visit) {
    const ExpressionKind kind = expressions_.kind(visit.id);
    if (kind == ExpressionKind::kEmpty) {
      visit.summary.nullable = true;
      return;
    }
    const auto position = static_cast<uint32_t>(found_.set.size());
    visit.summary.first = {position};
    follows_.emplace_back();
    found_.mark_lo.push_back(visit.mark_at);
    if (kind == ExpressionKind::kSet) {
      found_.set.push_back(expressions_.set_index(visit.id));
      found_.mark_hi.push_back(visit.mark_at);  // until the concatenation around it is left
      visit.summary.last = {position};
    } else {
      found_.set.push_back(Positions::kEndMark);
      found_.mark_hi.push_back(visit.mark_at + 1);
      found_.marks.push_back(expressions_.rule(visit.id));
    }
  }

  void connect(const Sequence& from, const Sequence& to) {
    pairs_ += from.size() * to.size();
    if (pairs_ > limit_) return;
    for (uint32_t position : from) append(follows_[position], to);
  }

  void add_part(Visit& visit, const Summary& part) {
    Summary& whole = visit.summary;
    switch (expressions_.kind(visit.id)) {
      case ExpressionKind::kConcat:
        connect(whole.last, part.first);
        if (whole.nullable) append(whole.first, part.first);
        if (!part.nullable) whole.last.clear();
        append(whole.last, part.last);
        whole.nullable = whole.nullable && part.nullable;
        break;
      case ExpressionKind::kStar:
        connect(part.last, part.first);
        whole = {true, part.first, part.last};
        break;
      default:
        append(whole.first, part.first);
        append(whole.last, part.last);
        whole.nullable = whole.nullable || part.nullable;
        break;
    }
  }

  Summary leave() {
    Visit visit = std::move(stack_.back());
    stack_.pop_back();
    const auto marks = static_cast<uint32_t>(found_.marks.size());
    // End marks are in the last part only: all that comes before it leads to each of them.
    if (marks > visit.mark_at && expressions_.kind(visit.id) == ExpressionKind::kConcat) {
      std::fill(found_.mark_hi.begin() + visit.position_at,
                found_.mark_hi.begin() + visit.last_part_at, marks);
    }
    pairs_ += visit.summary.first.size() + visit.summary.last.size();  // they are copied upwards
    return std::move(visit.summary);
  }

  /// Id of a set of positions that may hold repetitions.
  uint32_t intern(Sequence& set) {
    std::ranges::sort(set);
    const auto repeated = std::ranges::unique(set);
    set.erase(repeated.begin(), repeated.end());
    return found_.follows.intern(set).id;
  }

  void finish(const Summary& whole) {
    Sequence first = whole.first;
    found_.first = intern(first);
    found_.follow.reserve(follows_.size());
    for (Sequence& set : follows_) {
      found_.follow.push_back(intern(set));
      Sequence().swap(set);
    }
    found_.follows.seal();
  }

  /// A rule at the end of the innermost expression that was being visited and leads to one.
  [[nodiscard]] RuleId current_rule() const {
    for (size_t i = stack_.size(); i-- > 0;) {
      if (const auto rule = end_of(stack_[i].id)) return *rule;
    }
    return end_of(root_).value_or(0);
  }

  [[nodiscard]] std::optional<RuleId> end_of(ExpressionId id) const {
    while (!is_leaf(id)) id = expressions_.parts(id).back();
    if (expressions_.kind(id) != ExpressionKind::kAccept) return std::nullopt;
    return expressions_.rule(id);
  }

  tl::unexpected<BlowUp> too_big() const {
    return tl::unexpected<BlowUp>(
        {"too many alternatives that can follow one another: make the rule simpler, or split it",
         {current_rule()}});
  }

  const Expressions& expressions_;
  const ExpressionId root_;
  const size_t limit_;
  size_t pairs_ = 0;
  std::vector<Visit> stack_;
  std::vector<Sequence> follows_;
  Positions found_;
};

}  // namespace

tl::expected<Positions, BlowUp> find_positions(const Expressions& expressions, ExpressionId root,
                                               size_t limit) {
  return Walk(expressions, root, limit).run();
}

}  // namespace aspis::automaton
