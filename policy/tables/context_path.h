// SPDX-License-Identifier: Apache-2.0
// Globs with @{ctx.KEY} as expressions over marked paths (bpf/lib/context.h).
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/automaton/expression.h"
#include "policy/tables/pattern.h"

namespace aspis::policy {

/// A glob, and the key of the reference that follows it; the last one has none.
struct ContextPiece {
  std::string glob;
  std::string key;
};

/// The pieces of a text without an error (policy/language/context.h).
std::vector<ContextPiece> context_pieces(std::string_view text);

/// Whether a path may refer to a key once its variables are replaced; seldom wrong, and cheap.
bool may_refer_to_context(const Word& path, const PatternContext& context);

/// The keys that the paths of a profile's rules refer to, each once, in the order of the text. More
/// than ASPIS_CONTEXTS_MAX are an error.
std::vector<std::string> context_keys(const Profile& profile, const PatternContext& context);

/// A path, or a pair of them, with the marks that bpf/lib/context.h puts behind components, for
/// automata of a profile with these keys.
std::string marked_path(std::string_view path, std::span<const std::string> keys,
                        const std::map<std::string, std::string, std::less<>>& context);

/// The expression of one path while it is put together.
class ContextPath {
 public:
  /// `deny`: a key that is not set matches whatever it could be set to.
  ContextPath(automaton::Expressions& expressions, const std::vector<std::string>& keys, bool deny);

  /// A glob, and the component after it that a key stands for, if there is one.
  void add(automaton::ExpressionId glob, std::string_view key);
  automaton::ExpressionId take();

 private:
  automaton::ExpressionId marked(automaton::ExpressionId id);
  automaton::ExpressionId mark(const automaton::ByteSet& which);

  automaton::Expressions& all_;
  const std::vector<std::string>& keys_;
  bool deny_;
  automaton::ExpressionId marks_;  // any number of any
  std::vector<automaton::ExpressionId> parts_;
};

}  // namespace aspis::policy
