// SPDX-License-Identifier: Apache-2.0
#include "policy/tables/subject_pattern.h"

#include "policy/language/variables.h"

namespace aspis::policy {

ExpressionId SubjectPattern::bytes(std::initializer_list<unsigned> values) {
  std::vector<ExpressionId> parts;
  for (const unsigned value : values) parts.push_back(byte(value));
  return all().concat(parts);
}

ExpressionId SubjectPattern::one_of(std::span<const std::uint8_t> values) {
  automaton::ByteSet set;
  for (const std::uint8_t value : values) set.set(value);
  return all().set(set);
}

ExpressionId SubjectPattern::range(unsigned first, unsigned last) {
  automaton::ByteSet set;
  for (unsigned value = first; value <= last; value++) set.set(value);
  return all().set(set);
}

ExpressionId SubjectPattern::number(unsigned first, unsigned last) {
  const unsigned low = first >> 8;
  const unsigned high = last >> 8;
  if (low == high) return concat({byte(low), range(first & 0xff, last & 0xff)});
  std::vector<ExpressionId> parts = {
      concat({byte(low), range(first & 0xff, 0xff)}),
      concat({byte(high), range(0, last & 0xff)}),
  };
  if (low + 1 < high) parts.push_back(concat({range(low + 1, high - 1), any_byte()}));
  return all().alternate(parts);
}

ExpressionId SubjectPattern::any_bytes(unsigned count) {
  const std::vector<ExpressionId> parts(count, any_byte());
  return all().concat(parts);
}

ExpressionId SubjectPattern::any_byte() {
  return all().set(automaton::ByteSet().set());
}

ExpressionId SubjectPattern::any_text() {
  return all().star(all().set(automaton::ByteSet().set().reset(0)));
}

ExpressionId SubjectPattern::some_text() {
  return concat({all().set(automaton::ByteSet().set().reset(0)), any_text()});
}

ExpressionId SubjectPattern::any_path() {
  return concat({byte('/'), all().set(automaton::ByteSet().set().reset(0).reset('/')), any_text()});
}

std::optional<ExpressionId> SubjectPattern::alternatives(const std::vector<std::string>& texts,
                                                         const Word& word, bool filter_slashes) {
  std::vector<ExpressionId> found;
  for (const std::string& text : texts) {
    const auto aare = context_.rules.pattern(text, word, {.filter_slashes = filter_slashes});
    if (!aare) return std::nullopt;
    found.push_back(aare->expression);
  }
  if (found.empty()) return std::nullopt;  // an undefined variable
  return all().alternate(found);
}

std::optional<ExpressionId> SubjectPattern::path(const Word& word) {
  return alternatives(expand_path(word, context_.patterns), word, true);
}

std::optional<ExpressionId> SubjectPattern::name(const Word& word) {
  const PatternContext& patterns = context_.patterns;
  return alternatives(expand(word, patterns.variables, patterns.diagnostics), word, false);
}

std::optional<ExpressionId> SubjectPattern::names(std::span<const Word> words) {
  std::vector<ExpressionId> found;
  for (const Word& word : words) {
    const auto one = name(word);
    if (!one) return std::nullopt;
    found.push_back(*one);
  }
  return all().alternate(found);
}

std::optional<ExpressionId> SubjectPattern::peer(const std::optional<Word>& word) {
  return word ? name(*word) : any_text();
}

std::uint16_t permissions_of(std::span<const Word> words, std::span<const PermissionWord> table,
                             std::uint16_t all) {
  if (words.empty()) return all;
  std::uint16_t permissions = 0;
  for (const Word& word : words) {
    for (const PermissionWord& entry : table) {
      if (entry.word == word.text) permissions |= entry.permissions;
    }
  }
  return permissions;
}

}  // namespace aspis::policy
