// SPDX-License-Identifier: Apache-2.0
#include "policy/automaton/expression.h"

#include <algorithm>

namespace aspis::automaton {

ExpressionId Expressions::make(ExpressionKind kind, std::span<const uint32_t> payload) {
  std::vector<uint32_t> node{static_cast<uint32_t>(kind)};
  node.insert(node.end(), payload.begin(), payload.end());
  return nodes_.intern(node).id;
}

ExpressionId Expressions::empty() {
  return make(ExpressionKind::kEmpty, {});
}

ExpressionId Expressions::set(const ByteSet& bytes) {
  const auto [found, is_new] = set_indices_.try_emplace(bytes, static_cast<uint32_t>(sets_.size()));
  if (is_new) sets_.push_back(bytes);
  const uint32_t index = found->second;
  return make(ExpressionKind::kSet, {&index, 1});
}

ExpressionId Expressions::byte(uint8_t value) {
  return set(ByteSet{}.set(value));
}

ExpressionId Expressions::accept(RuleId rule) {
  return make(ExpressionKind::kAccept, {&rule, 1});
}

ExpressionId Expressions::star(ExpressionId part) {
  const ExpressionKind inner = kind(part);
  if (inner == ExpressionKind::kStar || inner == ExpressionKind::kEmpty) return part;
  return make(ExpressionKind::kStar, {&part, 1});
}

/// The concatenation that it is; an expression of another kind is a sequence of one.
Expressions::Sequence Expressions::sequence_of(ExpressionId id) const {
  if (kind(id) == ExpressionKind::kEmpty) return {};
  if (kind(id) != ExpressionKind::kConcat) return {id};
  const auto inner = parts(id);
  return {inner.begin(), inner.end()};
}

ExpressionId Expressions::concat(std::span<const ExpressionId> parts_in) {
  Sequence sequence;
  for (ExpressionId part : parts_in) {
    const Sequence inner = sequence_of(part);
    sequence.insert(sequence.end(), inner.begin(), inner.end());
  }
  if (sequence.empty()) return empty();
  if (sequence.size() == 1) return sequence[0];
  return make(ExpressionKind::kConcat, sequence);
}

ExpressionId Expressions::alternate(std::span<const ExpressionId> parts_in) {
  std::vector<Sequence> sequences;
  for (ExpressionId part : parts_in) {
    if (kind(part) != ExpressionKind::kAlternate) {
      sequences.push_back(sequence_of(part));
      continue;
    }
    for (ExpressionId inner : parts(part)) sequences.push_back(sequence_of(inner));
  }
  std::ranges::sort(sequences);
  const auto repeated = std::ranges::unique(sequences);
  sequences.erase(repeated.begin(), repeated.end());
  return factor(sequences);
}

/// The alternation as it stands: single bytes become one set, nothing is factored.
ExpressionId Expressions::join(std::span<const ExpressionId> branches) {
  ByteSet bytes;
  Sequence rest;
  bool has_bytes = branches.empty();
  for (ExpressionId branch : branches) {
    if (kind(branch) == ExpressionKind::kSet) {
      bytes |= sets_[set_index(branch)];
      has_bytes = true;
    } else {
      rest.push_back(branch);
    }
  }
  if (has_bytes) rest.push_back(set(bytes));
  std::ranges::sort(rest);
  const auto repeated = std::ranges::unique(rest);
  rest.erase(repeated.begin(), repeated.end());
  return rest.size() == 1 ? rest[0] : make(ExpressionKind::kAlternate, rest);
}

/// Builds the trie of sorted, distinct sequences bottom up. The open nodes of the trie lie on a
/// stack of our own, as {a,ab,abc,...} makes it as deep as there are alternatives.
ExpressionId Expressions::factor(const std::vector<Sequence>& sorted) {
  struct Node {
    size_t depth;  // length of the beginning that its branches share
    Sequence branches;
  };
  std::vector<Node> open{{0, {}}};
  for (size_t i = 0; i < sorted.size(); ++i) {
    const Sequence& sequence = sorted[i];
    size_t shared = 0;  // with the next one
    if (i + 1 < sorted.size()) {
      shared = static_cast<size_t>(std::ranges::mismatch(sequence, sorted[i + 1]).in1 -
                                   sequence.begin());
    }
    if (shared > open.back().depth) open.push_back({shared, {}});
    open.back().branches.push_back(concat(std::span(sequence).subspan(open.back().depth)));
    while (open.back().depth > shared) {
      const Node closed = std::move(open.back());
      open.pop_back();
      if (open.back().depth < shared) open.push_back({shared, {}});
      Sequence branch(sequence.begin() + static_cast<ptrdiff_t>(open.back().depth),
                      sequence.begin() + static_cast<ptrdiff_t>(closed.depth));
      branch.push_back(join(closed.branches));
      open.back().branches.push_back(concat(branch));
    }
  }
  return join(open.back().branches);
}

}  // namespace aspis::automaton
