// SPDX-License-Identifier: Apache-2.0
// Checking the brackets and braces of a glob.
#include "policy/language/glob.h"

#include <vector>

namespace aspis::policy {
namespace {

constexpr std::size_t kMaxBraces = 50;

// Offset of the ']' that ends the class at `start`; npos if there is none.
std::size_t class_end(std::string_view glob, std::size_t start) {
  for (std::size_t i = start + 1; i < glob.size(); i++) {
    if (glob[i] == '\\') {
      i++;
    } else if (glob[i] == ']') {
      return i;
    }
  }
  return std::string_view::npos;
}

}  // namespace

std::optional<std::string> glob_error(std::string_view glob) {
  std::vector<bool> has_comma;  // of each open brace
  for (std::size_t i = 0; i < glob.size(); i++) {
    switch (glob[i]) {
      case '\\':
        if (++i == glob.size()) return "The pattern ends with a backslash that escapes nothing.";
        break;
      case '[': {
        const std::size_t end = class_end(glob, i);
        if (end == std::string_view::npos) return "The character class has no closing \"]\".";
        if (end == i + 1 || (end == i + 2 && glob[i + 1] == '^')) {
          return "The character class is empty.";
        }
        i = end;
        break;
      }
      case ']':
        return "The \"]\" closes no character class; write \"\\]\" for the character itself.";
      case '{':
        has_comma.push_back(false);
        if (has_comma.size() >= kMaxBraces) return "Braces are nested more than 49 deep.";
        break;
      case ',':
        if (!has_comma.empty()) has_comma.back() = true;
        break;
      case '}':
        if (has_comma.empty()) {
          return "The \"}\" closes no brace; write \"\\}\" for the character itself.";
        }
        if (!has_comma.back()) return "Braces need at least two alternatives, as in {a,b}.";
        has_comma.pop_back();
        break;
      default:
        break;
    }
  }
  if (!has_comma.empty()) return "The brace that is open in this pattern has no closing \"}\".";
  return std::nullopt;
}

}  // namespace aspis::policy
