// SPDX-License-Identifier: Apache-2.0
// A second reading of AARE, slow and plain: alternations are written out, then matched by
// backtracking. It shares no code with policy/automaton, so that both are wrong only if both
// misread the language.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace aspis::naive {

class Glob {
 public:
  /// `aare` must be valid.
  explicit Glob(const std::string& aare) {
    const std::vector<Token> tokens = tokens_of(collapse_slashes(aare));
    size_t at = 0;
    written_out_ = sequence(tokens, at);
  }

  [[nodiscard]] bool matches(std::string_view bytes) const {
    for (const auto& tokens : written_out_) {
      if (matches_from(tokens, 0, bytes)) return true;
    }
    return false;
  }

 private:
  enum class Is { kByte, kAnyStar, kComponentStar, kOpen, kComma, kClose };
  struct Token {
    Is is;
    std::bitset<256> bytes;
  };
  using Tokens = std::vector<Token>;

  static std::bitset<256> all_but(std::string_view bytes) {
    std::bitset<256> set;
    set.set();
    for (char byte : bytes) set.reset(static_cast<uint8_t>(byte));
    return set;
  }

  static std::string collapse_slashes(const std::string& text) {
    size_t leading = 0;
    while (leading < text.size() && text[leading] == '/') ++leading;
    std::string result(leading == 2 ? 2 : leading > 0 ? 1 : 0, '/');
    for (size_t i = leading; i < text.size(); ++i) {
      if (text[i] == '/' && text[i - 1] == '/') continue;
      result += text[i];
    }
    return result;
  }

  static uint8_t escaped(const std::string& text, size_t& i) {
    const char c = text[i];
    if (c >= '0' && c <= '7') {
      const std::string digits = text.substr(i, 3);
      i += 3;
      return static_cast<uint8_t>(std::strtol(digits.c_str(), nullptr, 8));
    }
    if (c == 'x') {
      const std::string digits = text.substr(i + 1, 2);
      i += 3;
      return static_cast<uint8_t>(std::strtol(digits.c_str(), nullptr, 16));
    }
    if (c == 'd') {
      const std::string digits = text.substr(i + 1, 3);
      i += 4;
      return static_cast<uint8_t>(std::strtol(digits.c_str(), nullptr, 10));
    }
    ++i;
    return static_cast<uint8_t>(c);
  }

  static uint8_t one_byte(const std::string& text, size_t& i) {
    if (text[i] != '\\') return static_cast<uint8_t>(text[i++]);
    return escaped(text, ++i);
  }

  static std::bitset<256> bracket(const std::string& text, size_t& i) {
    const bool negated = text[i] == '^';
    if (negated) ++i;
    std::bitset<256> set;
    while (text[i] != ']') {
      const uint8_t low = one_byte(text, i);
      uint8_t high = low;
      if (text[i] == '-' && text[i + 1] != ']') high = one_byte(text, ++i);
      for (int byte = low; byte <= high; ++byte) set.set(static_cast<size_t>(byte));
    }
    ++i;
    return negated ? ~set : set;
  }

  static Tokens tokens_of(const std::string& text) {
    Tokens tokens;
    size_t depth = 0;
    for (size_t i = 0; i < text.size();) {
      const char c = text[i];
      if (c == '*') {
        const bool two = text.substr(i, 2) == "**";
        const size_t rest = text.find_first_not_of('*', i);
        const bool to_the_end = rest == std::string::npos || text[rest] == '/';
        if (i > 0 && text[i - 1] == '/' && to_the_end) {
          tokens.push_back({Is::kByte, all_but(std::string_view("/\0", 2))});
        }
        tokens.push_back({two ? Is::kAnyStar : Is::kComponentStar, {}});
        i += two ? 2 : 1;
      } else if (c == '?') {
        tokens.push_back({Is::kByte, all_but(std::string_view("/\0", 2))});
        ++i;
      } else if (c == '[') {
        tokens.push_back({Is::kByte, bracket(text, ++i)});
      } else if (c == '{' || c == '}' || (c == ',' && depth > 0)) {
        depth += c == '{' ? 1 : 0;
        depth -= c == '}' ? 1 : 0;
        tokens.push_back({c == '{' ? Is::kOpen : c == '}' ? Is::kClose : Is::kComma, {}});
        ++i;
      } else {
        const uint8_t byte = one_byte(text, i);
        tokens.push_back({Is::kByte, std::bitset<256>().set(byte)});
      }
    }
    return tokens;
  }

  /// All that the tokens up to the next comma or closing brace of this level can be, without
  /// braces.
  static std::vector<Tokens> sequence(const Tokens& tokens, size_t& at) {
    std::vector<Tokens> results{{}};
    while (at < tokens.size() && tokens[at].is != Is::kComma && tokens[at].is != Is::kClose) {
      if (tokens[at].is != Is::kOpen) {
        for (Tokens& result : results) result.push_back(tokens[at]);
        ++at;
        continue;
      }
      std::vector<Tokens> extended;
      while (tokens[at].is != Is::kClose) {
        for (const Tokens& branch : sequence(tokens, ++at)) {
          for (Tokens result : results) {
            result.insert(result.end(), branch.begin(), branch.end());
            extended.push_back(std::move(result));
          }
        }
      }
      ++at;
      results = std::move(extended);
    }
    return results;
  }

  static bool matches_from(const Tokens& tokens, size_t at, std::string_view bytes) {
    if (at == tokens.size()) return bytes.empty();
    const Token& token = tokens[at];
    if (token.is == Is::kByte) {
      return !bytes.empty() && token.bytes[static_cast<uint8_t>(bytes[0])] &&
             matches_from(tokens, at + 1, bytes.substr(1));
    }
    for (size_t length = 0;; ++length) {
      if (matches_from(tokens, at + 1, bytes.substr(length))) return true;
      if (length == bytes.size() || bytes[length] == 0) return false;
      if (token.is == Is::kComponentStar && bytes[length] == '/') return false;
    }
  }

  std::vector<Tokens> written_out_;
};

}  // namespace aspis::naive
