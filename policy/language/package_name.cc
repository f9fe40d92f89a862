// SPDX-License-Identifier: Apache-2.0
#include "policy/language/package_name.h"

#include <algorithm>

namespace aspis::policy {
namespace {

bool is_mark(char c) {
  return c == '-' || c == '_' || c == '.';
}

// Without the locale, which could know more letters.
bool is_alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

}  // namespace

bool is_package_name(std::string_view name) {
  return !name.empty() && is_alnum(name.front()) && is_alnum(name.back()) &&
         std::ranges::all_of(name, [](char c) { return is_alnum(c) || is_mark(c); });
}

std::string normalised_package_name(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (is_mark(c)) {
      if (out.empty() || out.back() != '-') out += '-';
    } else {
      out += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
  }
  return out;
}

}  // namespace aspis::policy
