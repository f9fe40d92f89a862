// SPDX-License-Identifier: Apache-2.0
// Minimisation: Hopcroft's refinement over the transitions between live states. The dead state
// takes no part, so that its preimage, which is most of the table, is never walked.
#include <algorithm>
#include <numeric>
#include <utility>

#include "policy/automaton/dfa.h"

namespace aspis::automaton {
namespace {

/// The sets of classes that lead from a state to the same other one; equal ones have equal ids.
struct Labels {
  explicit Labels(const Dfa& dfa) {
    std::vector<std::vector<uint32_t>> classes;  // by target
    for (uint32_t shape = 0; shape < dfa.shapes.size(); ++shape) {
      classes.clear();
      for (uint32_t c = 0; c < dfa.classes.count; ++c) {
        const uint32_t target = dfa.shapes[shape][c];
        if (target >= classes.size()) classes.resize(target + size_t{1});
        classes[target].push_back(c);
      }
      first.push_back(static_cast<uint32_t>(of.size()));
      for (const auto& set : classes) of.push_back(sets.intern(set).id);
    }
  }

  SequencePool sets;
  std::vector<uint32_t> first;  // by shape: in `of`
  std::vector<uint32_t> of;     // by target of the shape: id in `sets`
};

/// Transitions into each state but the dead one.
struct Incoming {
  Incoming(const Dfa& dfa, const Labels& labels) : begin(dfa.states() + size_t{1}) {
    for (uint32_t target : dfa.targets) {
      if (target != 0) ++begin[target];
    }
    uint32_t total = 0;
    for (uint32_t& entry : begin) total += std::exchange(entry, total);
    source.resize(total);
    label.resize(total);
    // Filled from the front: begin[t] moves to the end of t, which is where t + 1 begins.
    for (uint32_t state = 0; state < dfa.states(); ++state) {
      const uint32_t first = labels.first[dfa.shape[state]];
      for (uint32_t i = dfa.row[state]; i < dfa.row[state + 1]; ++i) {
        if (dfa.targets[i] == 0) continue;
        const uint32_t at = begin[dfa.targets[i]]++;
        source[at] = state;
        label[at] = labels.of[first + i - dfa.row[state]];
      }
    }
    for (size_t i = begin.size() - 1; i > 0; --i) begin[i] = begin[i - 1];
    begin[0] = 0;
  }

  std::vector<uint32_t> begin;  // by target, and the end
  std::vector<uint32_t> source;
  std::vector<uint32_t> label;
};

/// The states that no input tells apart.
struct Blocks {
  static constexpr uint32_t kDead = UINT32_MAX;

  std::vector<uint32_t> of;      // by state; kDead if no outcome can be reached
  std::vector<uint32_t> member;  // any state of each
};

class Partition {
 public:
  Partition(const Dfa& dfa, const std::vector<uint32_t>& outcome, uint32_t dead_outcome)
      : labels_(dfa),
        incoming_(dfa, labels_),
        place_(dfa.states()),
        block_of_(dfa.states(), Blocks::kDead) {
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
      block_of_[state] = static_cast<uint32_t>(blocks_.size() - 1);
    }
    sources_.resize(labels_.sets.size());
    labels_of_class_.resize(dfa.classes.count);
    while (!waiting_.empty()) {
      const uint32_t splitter = waiting_.back();
      waiting_.pop_back();
      blocks_[splitter].waiting = false;
      split_by(splitter);
    }
  }

  /// What is left of it when all else goes.
  [[nodiscard]] Blocks take() && {
    Blocks blocks;
    blocks.member.reserve(blocks_.size());
    for (const Block& block : blocks_) blocks.member.push_back(states_[block.begin]);
    blocks.of = std::move(block_of_);
    return blocks;
  }

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
      for (uint32_t e = incoming_.begin[state]; e < incoming_.begin[state + 1]; ++e) {
        const uint32_t source = incoming_.source[e];
        if (live[source]) continue;
        live[source] = true;
        states_.push_back(source);
      }
    }
  }

  void split_by(uint32_t splitter) {
    // By label, the states that lead into the splitter; gathered first, as the splitter itself may
    // be split meanwhile.
    for (uint32_t i = blocks_[splitter].begin; i < blocks_[splitter].end; ++i) {
      const uint32_t state = states_[i];
      for (uint32_t e = incoming_.begin[state]; e < incoming_.begin[state + 1]; ++e) {
        auto& sources = sources_[incoming_.label[e]];
        if (sources.empty()) labels_now_.push_back(incoming_.label[e]);
        sources.push_back(incoming_.source[e]);
      }
    }
    // The labels of each class. Classes with the same labels would split the same.
    for (uint32_t label : labels_now_) {
      for (uint32_t c : labels_.sets[label]) {
        if (labels_of_class_[c].empty()) classes_.push_back(c);
        labels_of_class_[c].push_back(label);
      }
    }
    std::ranges::sort(classes_, {}, [&](uint32_t c) -> auto& { return labels_of_class_[c]; });
    for (size_t i = 0; i < classes_.size(); ++i) {
      const auto& labels = labels_of_class_[classes_[i]];
      if (i != 0 && labels == labels_of_class_[classes_[i - 1]]) continue;
      for (uint32_t label : labels) {
        for (uint32_t source : sources_[label]) mark(source);
      }
      for (uint32_t block : touched_) split(block);
      touched_.clear();
    }
    for (uint32_t c : classes_) labels_of_class_[c].clear();
    classes_.clear();
    for (uint32_t label : labels_now_) sources_[label].clear();
    labels_now_.clear();
  }

  void mark(uint32_t state) {
    Block& block = blocks_[block_of_[state]];
    if (block.end - block.begin == 1) return;
    if (block.marked == 0) touched_.push_back(block_of_[state]);
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
    for (uint32_t i = part.begin; i < part.end; ++i) block_of_[states_[i]] = added;
    blocks_.push_back(part);
    waiting_.push_back(added);
  }

  const Labels labels_;
  const Incoming incoming_;
  std::vector<uint32_t> states_;  // the live ones, those of a block together
  std::vector<uint32_t> place_;   // of each state in states_
  std::vector<Block> blocks_;
  std::vector<uint32_t> waiting_;
  // Of the splitter at hand.
  std::vector<std::vector<uint32_t>> sources_;          // by label
  std::vector<std::vector<uint32_t>> labels_of_class_;  // in the order of labels_now_
  std::vector<uint32_t> labels_now_, classes_;
  std::vector<uint32_t> touched_;
  std::vector<uint32_t> block_of_;  // by state
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
  size_t end = 0;  // in place: a row only gets shorter
  for (size_t row = 0; row < dfa.next.size(); row += count) {
    for (uint32_t c : kept) dfa.next[end++] = dfa.next[row + c];
  }
  dfa.next.resize(end);
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
  // The partition is large, and gone before the rows are made.
  const Blocks blocks = Partition(dfa, outcome, outcome_of_set[0]).take();

  MinimalDfa minimal;
  minimal.classes = dfa.classes;
  if (blocks.member.size() > UINT16_MAX) {
    minimal.outcome.resize(blocks.member.size() + 1);
    return minimal;
  }
  const uint32_t classes = dfa.classes.count;
  std::vector<uint16_t> number(blocks.member.size());  // 0: not met yet
  std::vector<uint32_t> members{0};                    // of each new state, an old one
  const auto number_of = [&](uint32_t state) -> uint16_t {
    const uint32_t block = blocks.of[state];
    if (block == Blocks::kDead) return 0;
    if (number[block] == 0) {
      number[block] = static_cast<uint16_t>(members.size());
      members.push_back(blocks.member[block]);
    }
    return number[block];
  };
  minimal.next.reserve((blocks.member.size() + 1) * size_t{classes});
  minimal.start = number_of(dfa.start);
  for (size_t state = 0; state < members.size(); ++state) {
    minimal.outcome.push_back(outcome[members[state]]);
    for (uint32_t c = 0; c < classes; ++c) {
      minimal.next.push_back(number_of(dfa.next(members[state], c)));
    }
  }
  merge_classes(minimal);
  return minimal;
}

}  // namespace aspis::automaton
