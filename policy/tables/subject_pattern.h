// SPDX-License-Identifier: Apache-2.0
// Pieces of subjects (bpf/abi/subject.h) as expressions.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "policy/tables/class_rules.h"

namespace aspis::policy {

using automaton::ExpressionId;

/// One rule's subjects while they are put together.
class SubjectPattern {
 public:
  explicit SubjectPattern(const ClassContext& context) : context_(context) {}

  /// The byte that every subject of a class begins with.
  ExpressionId class_byte(aspis_class kind) { return byte(kind); }
  ExpressionId byte(unsigned value) { return all().byte(static_cast<std::uint8_t>(value)); }
  /// These bytes, one after the other.
  ExpressionId bytes(std::initializer_list<unsigned> values);
  /// One byte, any of these.
  ExpressionId one_of(std::span<const std::uint8_t> values);
  ExpressionId one_of(const automaton::ByteSet& set) { return all().set(set); }
  ExpressionId range(unsigned first, unsigned last);
  /// A number of two bytes, the more significant one first.
  ExpressionId number(unsigned first, unsigned last);
  /// One byte, whatever it is.
  ExpressionId any_byte();
  ExpressionId any_bytes(unsigned count);
  /// Whatever follows, up to the end.
  ExpressionId rest() { return all().star(any_byte()); }
  /// Any text without NUL, the empty one too.
  ExpressionId any_text();
  /// The same, but not empty.
  ExpressionId some_text();
  /// Any absolute path but that of the root directory.
  ExpressionId any_path();
  ExpressionId nothing() { return all().empty(); }

  /// A glob that is a path: aliases apply, and // is /. Nothing after an error, which was told.
  std::optional<ExpressionId> path(const Word& word);
  /// A glob that is a name, of a profile or a file system.
  std::optional<ExpressionId> name(const Word& word);
  /// Any of several names.
  std::optional<ExpressionId> names(std::span<const Word> words);
  /// The name of a peer's profile; any, if the rule has none.
  std::optional<ExpressionId> peer(const std::optional<Word>& word);

  ExpressionId concat(std::initializer_list<ExpressionId> parts) {
    return all().concat({parts.begin(), parts.size()});
  }
  ExpressionId either(std::initializer_list<ExpressionId> parts) {
    return all().alternate({parts.begin(), parts.size()});
  }

 private:
  automaton::Expressions& all() { return context_.rules.expressions(); }
  std::optional<ExpressionId> alternatives(const std::vector<std::string>& texts, const Word& word,
                                           bool filter_slashes);

  const ClassContext& context_;
};

/// A permission by the words that rules have for it.
struct PermissionWord {
  std::string_view word;
  std::uint16_t permissions;
};

/// All that these words name; `all` if there are none.
std::uint16_t permissions_of(std::span<const Word> words, std::span<const PermissionWord> table,
                             std::uint16_t all);

}  // namespace aspis::policy
