// SPDX-License-Identifier: Apache-2.0
#include "policy/language/context.h"

#include <algorithm>

#include "bpf/abi/policy.h"

namespace aspis::policy {
namespace {

constexpr std::string_view kOpening = "@{ctx.";

bool is_key_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// Whether a place is in braces or in a class.
bool is_inside(std::string_view before) {
  int depth = 0;
  bool in_class = false;
  for (std::size_t i = 0; i < before.size(); i++) {
    const char c = before[i];
    if (c == '\\') {
      i++;
    } else if (in_class) {
      in_class = c != ']';
    } else if (c == '[') {
      in_class = true;
    } else if (c == '{') {
      depth++;
    } else if (c == '}') {
      depth--;
    }
  }
  return in_class || depth > 0;
}

}  // namespace

std::optional<ContextReference> find_context(std::string_view text, std::size_t from) {
  for (std::size_t i = from; i < text.size(); i++) {
    if (text[i] == '\\') {
      i++;
      continue;
    }
    if (text.substr(i, kOpening.size()) != kOpening) continue;
    const std::size_t key = i + kOpening.size();
    const std::size_t end = text.find('}', key);
    if (end == std::string_view::npos) return std::nullopt;
    return ContextReference{i, end + 1 - i, text.substr(key, end - key)};
  }
  return std::nullopt;
}

std::optional<std::string> context_error(std::string_view text) {
  std::string before;  // with other references out of the way
  std::size_t from = 0;
  for (auto found = find_context(text); found; found = find_context(text, from)) {
    const std::string shown(text.substr(found->at, found->length));
    before.append(text.substr(from, found->at - from));
    from = found->at + found->length;
    if (found->key.empty() || found->key.size() > ASPIS_CONTEXT_KEY_MAX ||
        !std::ranges::all_of(found->key, is_key_char)) {
      return shown + " has no key: a key is 1 to " + std::to_string(ASPIS_CONTEXT_KEY_MAX) +
             " letters, digits and \"_\".";
    }
    const bool ends = from == text.size() || text[from] == '/';
    if (!before.ends_with('/') || !ends || is_inside(before)) {
      return shown + " stands for a whole component of a path, as in /srv/" + shown +
             "/file, outside of braces.";
    }
    before += 'x';
  }
  return std::nullopt;
}

std::optional<std::string> no_context_error(std::string_view text) {
  const auto found = find_context(text);
  if (!found) return std::nullopt;
  return std::string(text.substr(found->at, found->length)) +
         " can stand in the paths of file and link rules only.";
}

std::string without_context(std::string_view text) {
  std::string out;
  std::size_t from = 0;
  for (auto found = find_context(text); found; found = find_context(text, from)) {
    out.append(text.substr(from, found->at - from)).append("x");
    from = found->at + found->length;
  }
  return out.append(text.substr(from));
}

}  // namespace aspis::policy
