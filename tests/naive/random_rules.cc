// SPDX-License-Identifier: Apache-2.0
#include "tests/naive/random_rules.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace aspis::naive {
namespace {

std::string formatted(const char* format, char byte) {
  char text[8];
  std::snprintf(text, sizeof(text), format, static_cast<unsigned char>(byte));
  return text;
}

}  // namespace

std::uint64_t seed_or(std::uint64_t seed) {
  const char* given = std::getenv("ASPIS_SEED");
  return given == nullptr ? seed : std::strtoull(given, nullptr, 0);
}

std::vector<std::string> Random::paths(std::size_t count, std::string_view prefix) {
  std::vector<std::string> paths;
  while (paths.size() < count) {
    std::string path(prefix);
    for (std::size_t parts = below(4); parts > 0; --parts) {
      for (std::size_t length = 1 + below(3); length > 0; --length) path += "aabbc.*\xff"[below(8)];
      if (parts > 1 || one_in(4)) path += '/';
    }
    paths.push_back(path);
  }
  return paths;
}

std::string Random::changed(std::string path) {
  const std::size_t at = path.size() - below(std::min<std::size_t>(path.size(), 6));
  std::string other = path;
  if (one_in(3) && at < path.size()) {
    other.erase(at, 1);
  } else {
    other.insert(at, 1, "abc/.*"[below(6)]);
  }
  return other.find("//") == std::string::npos ? other : path;  // the kernel has no such paths
}

std::string Random::literal(char byte) {
  if (one_in(16)) {
    const std::string format = one_of({"\\%03o", "\\x%02x", "\\d%03u"});
    // AppArmor decodes numbers before it looks for components, Aspis after: a "/" is left alone.
    if (byte != '/') return formatted(format.c_str(), byte);
  }
  const bool special = std::string_view("*?[]{},\\\"").find(byte) != std::string_view::npos;
  return (special ? "\\" : "") + std::string(1, byte);
}

std::string Random::bracket(char byte) {
  if (byte >= 'a' && byte <= 'c') {
    const std::string text(1, byte);
    return one_of(
        {"[a-c]", "[^/]", "[^x]", "[" + text + "x]", "[/" + text + "]", "[" + text + "]"});
  }
  return one_of({"[^a]", "[^abc]", "[^a-c]"});
}

std::string Random::alternation(std::string_view& rest, int depth) {
  const std::size_t taken = std::min(rest.size(), 1 + below(3));
  std::string text = globbed(rest.substr(0, taken), depth + 1);
  rest.remove_prefix(taken);
  for (std::size_t others = below(3); others > 0; --others) {
    const std::string other = one_of({"a", "b*", "c/", "[ab]c", "{a,cc}"});
    text = one_in(2) ? text + "," + other : other + "," + text;
  }
  // An empty one in the middle would take quotes.
  return one_in(2) ? "{" + text + ",}" : "{," + text + "}";
}

/// A glob for the start of `rest`, which it takes away.
std::string Random::piece(std::string_view& rest, int depth) {
  const char byte = rest[0];
  const auto up_to = [&](std::size_t end) { rest.remove_prefix(below(end + 1)); };
  switch (below(depth == 0 ? 12 : 20)) {
    case 0:
      if (byte == '/') break;
      rest.remove_prefix(1);
      return "?";
    case 1:
      up_to(std::min(rest.find('/'), rest.size()));
      return "*";
    case 2:
      up_to(rest.size());
      return "**";
    case 3:
      rest.remove_prefix(1);
      return bracket(byte);
    case 4:
      if (depth < 2) return alternation(rest, depth);
      break;
    default:
      break;
  }
  rest.remove_prefix(1);
  return byte == '/' && one_in(20) ? "//" : literal(byte);
}

std::string Random::globbed(std::string_view rest, int depth) {
  std::string text;
  while (!rest.empty()) text += piece(rest, depth);
  if (one_in(8)) text += "*";
  return text;
}

std::string Random::glob(std::string_view path, std::string_view prefix) {
  path.remove_prefix(prefix.size());
  std::string text(prefix);
  while (!path.empty() && one_in(2)) {  // globs near the end are those that people write
    text += literal(path[0]);
    path.remove_prefix(1);
  }
  return text + globbed(path, 0);
}

std::string Random::letters() {
  std::string text = one_of({"r", "w", "rw", "rw", "rw", "ra", "a", "k", ""});
  for (const char letter : {'k', 'm', 'l'})
    if (one_in(3) && text.find(letter) == std::string::npos) text += letter;
  return text;
}

Rule Random::rule(const std::vector<std::string>& paths, std::string_view prefix) {
  Rule rule;
  if (taste_.priorities && one_in(4)) rule.priority = one_in(2) ? 1 : -1;
  rule.audit = one_in(5);
  rule.deny = one_in(5);
  rule.whose = one_in(3) ? (one_in(3) ? Whose::kOther : Whose::kOwner) : Whose::kAll;
  rule.path = glob(one_of(paths), prefix);
  if (one_in(10)) {
    rule.target = glob(one_of(paths), prefix);
    rule.subset = one_in(2);
    return rule;
  }
  rule.letters = letters();
  // Two modes for one path are an error, unless one of the rules has a name, the other a glob. Of
  // [...] Aspis makes a third kind between them.
  const bool name = is_name(rule.path);
  if (name && rule.path.find('[') != std::string::npos) {
    if (rule.letters.empty()) rule.letters = "r";
  } else if (one_in(3) || rule.letters.empty()) {
    rule.exec = rule.deny ? "x" : taste_.exec_modes && name ? "px" : "ix";
  }
  return rule;
}

std::vector<Rule> Random::rules(std::size_t count, const std::vector<std::string>& paths,
                                std::string_view prefix) {
  std::vector<Rule> rules;
  while (rules.size() < count) rules.push_back(rule(paths, prefix));
  return rules;
}

}  // namespace aspis::naive
