// SPDX-License-Identifier: Apache-2.0
// Variables are expanded depth first; the names on the way are kept to find recursion.
#include "policy/language/variables.h"

#include <algorithm>
#include <cctype>

namespace aspis::policy {
namespace {

constexpr std::size_t kMaxDepth = 64;
constexpr std::size_t kMaxSteps = 100'000;
constexpr std::size_t kMaxBytes = 64 << 20;

bool is_alpha(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0;
}
bool is_name_char(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

class Expander {
 public:
  Expander(const Word& word, const Variables& variables, Diagnostics& diagnostics,
           ExpansionLimit limit)
      : at_(word.at), variables_(variables), diagnostics_(diagnostics), limit_(limit) {}

  bool expand(std::string_view text, std::vector<std::string>& out) {
    out.assign(1, {});
    std::size_t plain = 0;
    for (std::size_t i = 0; i < text.size();) {
      std::string_view name;
      const std::size_t length = text[i] == '@' ? variable_reference(text.substr(i), name) : 0;
      if (length == 0) {
        i += text[i] == '\\' ? 2 : 1;
        continue;
      }
      append(out, text.substr(plain, i - plain));
      std::vector<std::string> values;
      if (!variable(name, values) || !multiply(out, values)) return false;
      plain = i += length;
    }
    append(out, text.substr(plain));
    return true;
  }

 private:
  static void append(std::vector<std::string>& out, std::string_view text) {
    for (std::string& s : out) s += text;
  }

  bool error(std::string message, std::vector<Note> notes = {}) {
    diagnostics_.error(at_, std::move(message), std::move(notes));
    return false;
  }

  bool variable(std::string_view name, std::vector<std::string>& values) {
    // Variables that refer to variables twice each would take exponential time.
    if (++steps_ > kMaxSteps) return too_many();
    const std::string shown = "@{" + std::string(name) + "}";
    const auto found = variables_.sets.find(name);
    if (found == variables_.sets.end()) {
      return error("The variable " + shown + " is not defined.");
    }
    const Variable& variable = found->second;
    if (variable.values.empty()) {
      return error("The variable " + shown + " has no value; write \"\" for an empty one.",
                   {{variable.at, shown + " is defined here."}});
    }
    if (std::find(open_.begin(), open_.end(), name) != open_.end() || open_.size() >= kMaxDepth) {
      return error("The variable " + shown + " refers to itself.",
                   {{variable.at, shown + " is defined here."}});
    }
    open_.emplace_back(name);
    std::vector<std::string> alternatives;
    for (const Word& value : variable.values) {
      if (limit_.truncate && values.size() >= limit_.alternatives) break;
      if (!expand(value.text, alternatives)) return false;
      for (std::string& s : alternatives) {
        if (values.size() >= limit_.alternatives) break;
        values.push_back(std::move(s));
      }
      if (values.size() >= limit_.alternatives && !limit_.truncate) return too_many();
    }
    open_.pop_back();
    return true;
  }

  bool too_many() {
    return error("The variables here expand to too many alternatives; the limit is " +
                 std::to_string(limit_.alternatives) + ".");
  }

  bool multiply(std::vector<std::string>& out, const std::vector<std::string>& values) {
    std::vector<std::string> product;
    std::size_t bytes = 0;
    for (const std::string& prefix : out) {
      for (const std::string& value : values) {
        if (product.size() >= limit_.alternatives || bytes > kMaxBytes) {
          if (!limit_.truncate) return too_many();
          break;
        }
        product.push_back(prefix + value);
        bytes += product.back().size();
      }
    }
    out = std::move(product);
    return true;
  }

  Position at_;
  const Variables& variables_;
  Diagnostics& diagnostics_;
  ExpansionLimit limit_;
  std::size_t steps_ = 0;
  std::vector<std::string> open_;  // variables being expanded
};

}  // namespace

std::size_t variable_reference(std::string_view text, std::string_view& name) {
  if (!text.starts_with('@')) return 0;
  if (text.size() < 3 || text[1] != '{' || !is_alpha(text[2])) return 0;
  std::size_t end = 3;
  while (end < text.size() && is_name_char(text[end])) end++;
  if (end == text.size() || text[end] != '}') return 0;
  name = text.substr(2, end - 2);
  return end + 1;
}

bool has_variable(std::string_view text) {
  std::string_view name;
  for (std::size_t i = 0; i < text.size(); i++) {
    if (text[i] == '\\') {
      i++;
    } else if (text[i] == '@' && variable_reference(text.substr(i), name) > 0) {
      return true;
    }
  }
  return false;
}

std::vector<std::string> expand(const Word& word, const Variables& variables,
                                Diagnostics& diagnostics, ExpansionLimit limit) {
  std::vector<std::string> out;
  if (!Expander(word, variables, diagnostics, limit).expand(word.text, out)) out.clear();
  return out;
}

}  // namespace aspis::policy
