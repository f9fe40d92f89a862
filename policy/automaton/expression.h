// SPDX-License-Identifier: Apache-2.0
// Regular expressions over bytes. The arena owns them and keeps one copy of equal ones, so that
// equality is that of ids.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "policy/automaton/sequence_pool.h"

namespace aspis::automaton {

/// Which of the 256 bytes match.
using ByteSet = std::bitset<256>;

/// The caller's number for a rule; any value.
using RuleId = uint32_t;

/// An expression of one arena; meaningless in another.
using ExpressionId = uint32_t;

enum class ExpressionKind : uint32_t { kEmpty, kSet, kConcat, kAlternate, kStar, kAccept };

class Expressions {
 public:
  /// Matches the empty string only.
  ExpressionId empty();

  /// One byte of the set; with an empty set, nothing at all.
  ExpressionId set(const ByteSet& bytes);

  ExpressionId byte(uint8_t value);

  /// One after the other; nested concatenations are spliced in.
  ExpressionId concat(std::span<const ExpressionId> parts);

  /// Any of them; nothing at all when there are none. Common beginnings are shared: ab|ac becomes
  /// a(b|c), which spares the subset construction as many positions.
  ExpressionId alternate(std::span<const ExpressionId> parts);

  /// Zero or more times.
  ExpressionId star(ExpressionId part);

  /// The end mark of a rule ("#" in Aho, Sethi, Ullman). Only as the last part of a concatenation.
  ExpressionId accept(RuleId rule);

  [[nodiscard]] ExpressionKind kind(ExpressionId id) const { return ExpressionKind{nodes_[id][0]}; }

  /// Parts of a concatenation, an alternation or a star. Valid until the next expression is made.
  [[nodiscard]] std::span<const ExpressionId> parts(ExpressionId id) const {
    return nodes_[id].subspan(1);
  }

  /// Index of the byte set of a kSet: equal sets have equal indices.
  [[nodiscard]] uint32_t set_index(ExpressionId id) const { return nodes_[id][1]; }

  /// Rule of a kAccept.
  [[nodiscard]] RuleId rule(ExpressionId id) const { return nodes_[id][1]; }

  /// All byte sets, by index.
  [[nodiscard]] const std::vector<ByteSet>& sets() const { return sets_; }

 private:
  using Sequence = std::vector<ExpressionId>;

  ExpressionId make(ExpressionKind kind, std::span<const uint32_t> payload);
  ExpressionId join(std::span<const ExpressionId> branches);
  [[nodiscard]] Sequence sequence_of(ExpressionId id) const;
  ExpressionId factor(const std::vector<Sequence>& sorted);

  SequencePool nodes_;  // an expression is [kind, payload...]
  std::vector<ByteSet> sets_;
  std::unordered_map<ByteSet, uint32_t> set_indices_;
};

}  // namespace aspis::automaton
