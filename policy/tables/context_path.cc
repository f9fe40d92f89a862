// SPDX-License-Identifier: Apache-2.0
#include "policy/tables/context_path.h"

#include <algorithm>
#include <array>

#include "bpf/lib/context.h"
#include "policy/language/context.h"
#include "policy/language/variables.h"

namespace aspis::policy {

using automaton::ByteSet;
using automaton::ExpressionId;
using automaton::ExpressionKind;
using automaton::Expressions;

std::vector<ContextPiece> context_pieces(std::string_view text) {
  // As everywhere in paths // is /, but for exactly two that lead; a piece by itself could not
  // know.
  std::string path;
  for (std::size_t i = 0; i < text.size(); i++) {
    const bool leading_two = i == 1 && (text.size() == 2 || text[2] != '/');
    if (text[i] == '/' && i > 0 && text[i - 1] == '/' && !leading_two) continue;
    path += text[i];
  }
  std::vector<ContextPiece> pieces;
  std::size_t from = 0;
  for (auto found = find_context(path); found; found = find_context(path, from)) {
    pieces.push_back({path.substr(from, found->at - from), std::string(found->key)});
    from = found->at + found->length;
  }
  pieces.push_back({path.substr(from), {}});
  return pieces;
}

bool may_refer_to_context(const Word& path, const PatternContext& context) {
  if (find_context(path.text)) return true;
  const auto refers = [](const Word& word) { return find_context(word.text).has_value(); };
  if (std::ranges::any_of(context.aliases, [&](const Alias& alias) { return refers(alias.to); })) {
    return true;
  }
  if (!has_variable(path.text)) return false;
  return std::ranges::any_of(context.variables.sets, [&](const auto& entry) {
    return std::ranges::any_of(entry.second.values, refers);
  });
}

std::vector<std::string> context_keys(const Profile& profile, const PatternContext& context) {
  std::vector<std::string> keys;
  const auto collect = [&](const std::optional<Word>& word) {
    if (!word || !may_refer_to_context(*word, context)) return;
    for (const std::string& text : expand_path(*word, context)) {
      for (const ContextPiece& piece : context_pieces(text)) {
        if (piece.key.empty() || std::ranges::count(keys, piece.key) != 0) continue;
        if (keys.size() == ASPIS_CONTEXTS_MAX) {
          context.diagnostics.error(word->at, "A profile can refer to " +
                                                  std::to_string(ASPIS_CONTEXTS_MAX) +
                                                  " keys of a context at most.");
          return;
        }
        keys.push_back(piece.key);
      }
    }
  };
  for (const Rule& rule : profile.rules) {
    if (const auto* file = std::get_if<FileRule>(&rule.body)) {
      collect(file->path);
      collect(file->link_target);
    } else if (const auto* link = std::get_if<LinkRule>(&rule.body)) {
      collect(link->link);
      collect(link->target);
    }
  }
  return keys;
}

std::string marked_path(std::string_view path, std::span<const std::string> keys,
                        const std::map<std::string, std::string, std::less<>>& context) {
  if (keys.empty()) return std::string(path);
  std::string out;
  for (std::size_t from = 0; from <= path.size();) {
    const std::size_t end =
        std::min(path.find_first_of(std::string_view("/\0", 2), from), path.size());
    const std::string_view component = path.substr(from, end - from);
    out += component;
    for (std::size_t n = 0; n < keys.size() && !component.empty(); n++) {
      const auto value = context.find(keys[n]);
      if (value != context.end() && value->second != component) continue;
      const std::size_t mark = value == context.end() ? CONTEXT_UNSET + n : CONTEXT_SAME + n;
      out.append({'\0', static_cast<char>(mark)});
    }
    if (end < path.size()) out += path[end];
    from = end + 1;
  }
  return out;
}

ContextPath::ContextPath(Expressions& expressions, const std::vector<std::string>& keys, bool deny)
    : all_(expressions), keys_(keys), deny_(deny) {
  ByteSet which;
  for (std::size_t n = 0; n < keys.size(); n++) which.set(CONTEXT_SAME + n).set(CONTEXT_UNSET + n);
  marks_ = all_.star(mark(which));
}

ExpressionId ContextPath::mark(const ByteSet& which) {
  const ExpressionId both[] = {all_.byte(0), all_.set(which)};
  return all_.concat(both);
}

void ContextPath::add(ExpressionId glob, std::string_view key) {
  parts_.push_back(marked(glob));
  if (key.empty()) return;
  const auto n = static_cast<std::size_t>(std::ranges::find(keys_, key) - keys_.begin());
  ByteSet which;
  which.set(CONTEXT_SAME + n);
  if (deny_) which.set(CONTEXT_UNSET + n);
  const ExpressionId byte = all_.set(ByteSet().set().reset(0).reset('/'));
  parts_.insert(parts_.end(), {byte, all_.star(byte), marks_, mark(which)});
}

ExpressionId ContextPath::take() {
  parts_.push_back(marks_);
  return all_.concat(parts_);
}

/// The same with marks before each "/". A class that excludes bytes matches NUL, too; here it must
/// not take one for a character.
ExpressionId ContextPath::marked(ExpressionId id) {
  const ExpressionKind kind = all_.kind(id);
  if (kind == ExpressionKind::kEmpty || kind == ExpressionKind::kAccept) return id;
  if (kind == ExpressionKind::kSet) {
    ByteSet bytes = all_.sets()[all_.set_index(id)];
    bytes.reset(0);
    if (!bytes['/']) return all_.set(bytes);
    const ExpressionId slash[] = {marks_, all_.byte('/')};
    const ExpressionId either[] = {all_.set(bytes.reset('/')), all_.concat(slash)};
    return all_.alternate(either);
  }
  const auto inner = all_.parts(id);
  std::vector<ExpressionId> parts(inner.begin(), inner.end());
  for (ExpressionId& part : parts) part = marked(part);
  if (kind == ExpressionKind::kConcat) return all_.concat(parts);
  if (kind == ExpressionKind::kAlternate) return all_.alternate(parts);
  return all_.star(parts.front());
}

}  // namespace aspis::policy
