// SPDX-License-Identifier: Apache-2.0
// Minimisation: Hopcroft's refinement over the transitions between live states. The dead state
// takes no part, so that its preimage, which is most of the table, is never walked.
#include <algorithm>
#include <numeric>
#include <utility>

#include "policy/automaton/dfa.h"

namespace aspis::automaton {
namespace {

/// Transitions into each state.
struct Incoming {
  explicit Incoming(const Dfa& dfa) : begin(dfa.states() + size_t{1}) {
    for (uint32_t target : dfa.next) {
      if (target != 0) ++begin[target];
    }
    size_t total = 0;
    for (size_t& entry : begin) total += std::exchange(entry, total);
    source.resize(total);
    byte_class.resize(total);
    std::vector<size_t> free(begin.begin(), begin.end());
    const uint32_t classes = dfa.classes.count;
    for (size_t i = 0; i < dfa.next.size(); ++i) {
      if (dfa.next[i] == 0) continue;
      const size_t at = free[dfa.next[i]]++;
      source[at] = static_cast<uint32_t>(i / classes);
      byte_class[at] = static_cast<uint8_t>(i % classes);
    }
  }

  std::vector<size_t> begin;  // by target, and the end
  std::vector<uint32_t> source;
  std::vector<uint8_t> byte_class;
};

class Partition {
 public:
  static constexpr uint32_t kDead = UINT32_MAX;

  Partition(const Dfa& dfa, const std::vector<uint32_t>& outcome, uint32_t dead_outcome)
      : incoming_(dfa), place_(dfa.states()), block_of(dfa.states(), kDead) {
    find_live(outcome, dead_outcome);
    std::ranges::sort(states_, {},
                      [&](uint32_t state) { return std::pair(outcome[state], state); });
    for (uint32_t i = 0; i < states_.size(); ++i) {
      const uint32_t state = states_[i];
      place_[state] = i;
      if (i == 0 || outcome[states_[i - 1]] != outcome[state]) {
        if (i != 0) blocks_.back().end = i;
        blocks_.push_back({i, static_cast<uint32_t>(states_.size()), 0, true});
        waiting_.push_back(static_cast<uint32_t>(blocks_.size() - 1));
      }
      block_of[state] = static_cast<uint32_t>(blocks_.size() - 1);
    }
    sources_.resize(dfa.classes.count);
    while (!waiting_.empty()) {
      const uint32_t splitter = waiting_.back();
      waiting_.pop_back();
      blocks_[splitter].waiting = false;
      split_by(splitter);
    }
  }

  [[nodiscard]] size_t blocks() const { return blocks_.size(); }

  /// Any state of the block.
  [[nodiscard]] uint32_t member(uint32_t block) const { return states_[blocks_[block].begin]; }

 private:
  struct Block {
    uint32_t begin;  // in states_
    uint32_t end;
    uint32_t marked;  // that many at its beginning are to be split off
    bool waiting;
  };

  /// States from which an outcome other than the dead state's can be reached.
  void find_live(const std::vector<uint32_t>& outcome, uint32_t dead_outcome) {
    std::vector<bool> live(outcome.size());
    for (uint32_t state = 1; state < outcome.size(); ++state) {
      if (outcome[state] == dead_outcome) continue;
      live[state] = true;
      states_.push_back(state);
    }
    for (size_t i = 0; i < states_.size(); ++i) {
      const uint32_t state = states_[i];
      for (size_t e = incoming_.begin[state]; e < incoming_.begin[state + 1]; ++e) {
        const uint32_t source = incoming_.source[e];
        if (live[source]) continue;
        live[source] = true;
        states_.push_back(source);
      }
    }
  }

  void split_by(uint32_t splitter) {
    // By class, the states that lead into the splitter; gathered first, as the splitter itself may
    // be split meanwhile.
    for (uint32_t i = blocks_[splitter].begin; i < blocks_[splitter].end; ++i) {
      const uint32_t state = states_[i];
      for (size_t e = incoming_.begin[state]; e < incoming_.begin[state + 1]; ++e) {
        auto& sources = sources_[incoming_.byte_class[e]];
        if (sources.empty()) classes_.push_back(incoming_.byte_class[e]);
        sources.push_back(incoming_.source[e]);
      }
    }
    for (uint32_t c : classes_) {
      for (uint32_t source : sources_[c]) mark(source);
      sources_[c].clear();
      for (uint32_t block : touched_) split(block);
      touched_.clear();
    }
    classes_.clear();
  }

  void mark(uint32_t state) {
    Block& block = blocks_[block_of[state]];
    if (block.end - block.begin == 1) return;
    if (block.marked == 0) touched_.push_back(block_of[state]);
    const uint32_t to = block.begin + block.marked++;
    const uint32_t other = states_[to];
    std::swap(states_[to], states_[place_[state]]);
    std::swap(place_[other], place_[state]);
  }

  /// The smaller part becomes a block of its own, which is all that has to be looked at again.
  void split(uint32_t index) {
    Block& block = blocks_[index];
    const uint32_t middle = block.begin + std::exchange(block.marked, 0);
    if (middle == block.end) return;
    Block part{block.begin, middle, 0, true};
    if (middle - block.begin <= block.end - middle) {
      block.begin = middle;
    } else {
      part = {middle, block.end, 0, true};
      block.end = middle;
    }
    const auto added = static_cast<uint32_t>(blocks_.size());
    for (uint32_t i = part.begin; i < part.end; ++i) block_of[states_[i]] = added;
    blocks_.push_back(part);
    waiting_.push_back(added);
  }

  const Incoming incoming_;
  std::vector<uint32_t> states_;  // the live ones, those of a block together
  std::vector<uint32_t> place_;   // of each state in states_
  std::vector<Block> blocks_;
  std::vector<uint32_t> waiting_;
  std::vector<std::vector<uint32_t>> sources_;
  std::vector<uint32_t> classes_;
  std::vector<uint32_t> touched_;

 public:
  std::vector<uint32_t> block_of;  // by state; kDead if no outcome can be reached
};

/// Merges the classes whose columns are equal.
void merge_classes(MinimalDfa& dfa) {
  const uint32_t count = dfa.classes.count;
  std::vector<uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0U);
  // -1, 0, 1: where the columns differ first
  const auto compare = [&](uint32_t a, uint32_t b) {
    for (size_t row = 0; row < dfa.next.size(); row += count) {
      if (dfa.next[row + a] != dfa.next[row + b]) {
        return dfa.next[row + a] < dfa.next[row + b] ? -1 : 1;
      }
    }
    return 0;
  };
  std::ranges::sort(order, [&](uint32_t a, uint32_t b) { return compare(a, b) < 0; });
  std::vector<uint32_t> same_as(count);  // the lowest equal class
  for (uint32_t i = 0; i < count;) {
    uint32_t end = i + 1;
    while (end < count && compare(order[i], order[end]) == 0) ++end;
    const uint32_t lowest = *std::min_element(order.begin() + i, order.begin() + end);
    for (; i < end; ++i) same_as[order[i]] = lowest;
  }
  std::vector<uint32_t> number(count);
  std::vector<uint32_t> kept;
  for (uint32_t c = 0; c < count; ++c) {
    if (same_as[c] == c) {
      number[c] = static_cast<uint32_t>(kept.size());
      kept.push_back(c);
    } else {
      number[c] = number[same_as[c]];
    }
  }
  std::vector<uint32_t> next;
  next.reserve(dfa.outcome.size() * kept.size());
  for (size_t row = 0; row < dfa.next.size(); row += count) {
    for (uint32_t c : kept) next.push_back(dfa.next[row + c]);
  }
  dfa.next = std::move(next);
  for (uint8_t& c : dfa.classes.of) c = static_cast<uint8_t>(number[c]);
  dfa.classes.count = static_cast<uint32_t>(kept.size());
}

}  // namespace

MinimalDfa minimise(const Dfa& dfa, const OutcomeOf& outcome_of) {
  std::vector<uint32_t> outcome_of_set;
  for (uint32_t set = 0; set < dfa.accept_sets.size(); ++set) {
    outcome_of_set.push_back(outcome_of(dfa.accept_sets[set]));
  }
  std::vector<uint32_t> outcome;
  outcome.reserve(dfa.states());
  for (uint32_t set : dfa.accept) outcome.push_back(outcome_of_set[set]);
  const Partition partition(dfa, outcome, outcome_of_set[0]);

  MinimalDfa minimal;
  minimal.classes = dfa.classes;
  const uint32_t classes = dfa.classes.count;
  std::vector<uint32_t> number(partition.blocks());  // 0: not met yet
  std::vector<uint32_t> members{0};                  // of each new state, an old one
  const auto number_of = [&](uint32_t state) -> uint32_t {
    const uint32_t block = partition.block_of[state];
    if (block == Partition::kDead) return 0;
    if (number[block] == 0) {
      number[block] = static_cast<uint32_t>(members.size());
      members.push_back(partition.member(block));
    }
    return number[block];
  };
  minimal.start = number_of(dfa.start);
  for (size_t state = 0; state < members.size(); ++state) {
    minimal.outcome.push_back(outcome[members[state]]);
    for (uint32_t c = 0; c < classes; ++c) {
      minimal.next.push_back(number_of(dfa.next[size_t{members[state]} * classes + c]));
    }
  }
  merge_classes(minimal);
  return minimal;
}

}  // namespace aspis::automaton
