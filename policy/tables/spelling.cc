// SPDX-License-Identifier: Apache-2.0
#include "policy/tables/spelling.h"

#include <vector>

namespace aspis::policy {
namespace {

using automaton::ByteSet;
using automaton::ExpressionId;
using automaton::ExpressionKind;
using automaton::Expressions;

/// A copy: the arena moves its own while expressions are made.
std::vector<ExpressionId> parts_of(const Expressions& expressions, ExpressionId id) {
  const auto parts = expressions.parts(id);
  return {parts.begin(), parts.end()};
}

}  // namespace

ExpressionId spelled(Expressions& expressions, ExpressionId id) {
  const ExpressionKind kind = expressions.kind(id);
  if (kind == ExpressionKind::kSet) {
    ByteSet bytes = expressions.sets()[expressions.set_index(id)];
    ByteSet second;
    second.set(1, bytes[0]).set(2, bytes[1]);
    if (second.none()) return id;
    bytes.reset(0).reset(1);
    const ExpressionId two[] = {expressions.byte(1), expressions.set(second)};
    const ExpressionId both[] = {expressions.set(bytes), expressions.concat(two)};
    return expressions.alternate(both);
  }
  if (kind == ExpressionKind::kEmpty || kind == ExpressionKind::kAccept) return id;
  std::vector<ExpressionId> parts = parts_of(expressions, id);
  for (ExpressionId& part : parts) part = spelled(expressions, part);
  if (kind == ExpressionKind::kConcat) return expressions.concat(parts);
  if (kind == ExpressionKind::kAlternate) return expressions.alternate(parts);
  return expressions.star(parts.front());
}

ExpressionId beginnings(Expressions& expressions, ExpressionId id) {
  const ExpressionKind kind = expressions.kind(id);
  if (kind == ExpressionKind::kEmpty || kind == ExpressionKind::kAccept) return id;
  if (kind == ExpressionKind::kSet) {
    const ExpressionId either[] = {expressions.empty(), id};
    return expressions.alternate(either);
  }
  std::vector<ExpressionId> parts = parts_of(expressions, id);
  if (kind == ExpressionKind::kAlternate) {
    for (ExpressionId& part : parts) part = beginnings(expressions, part);
    return expressions.alternate(parts);
  }
  if (kind == ExpressionKind::kStar) {
    const ExpressionId both[] = {id, beginnings(expressions, parts.front())};
    return expressions.concat(both);
  }
  // Of ABC: those of A, or A and those of BC. From the back, so that each is made once.
  ExpressionId rest = expressions.empty();
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    const ExpressionId longer[] = {*part, rest};
    const ExpressionId either[] = {beginnings(expressions, *part), expressions.concat(longer)};
    rest = expressions.alternate(either);
  }
  return rest;
}

}  // namespace aspis::policy
