// SPDX-License-Identifier: Apache-2.0
#include "policy/automaton/aare.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

namespace aspis::automaton {
namespace {

constexpr size_t kMaxGroups = 49;  // inside of one another

/// Value of a digit of a base up to 16, or -1.
int digit_value(char c, int base) {
  int value = -1;
  if (c >= '0' && c <= '9') value = c - '0';
  if (c >= 'a' && c <= 'f') value = c - 'a' + 10;
  if (c >= 'A' && c <= 'F') value = c - 'A' + 10;
  return value < base ? value : -1;
}

class Parser {
 public:
  Parser(Expressions& expressions, std::string_view text, const AareOptions& options)
      : expressions_(expressions) {
    for (size_t i = 0; i < text.size(); ++i) {
      const bool repeated = options.filter_slashes && text[i] == '/' && i > 0 && text[i - 1] == '/';
      const bool leading_two = i == 1 && (text.size() == 2 || text[2] != '/');
      if (repeated && !leading_two) continue;
      text_ += text[i];
      offsets_.push_back(i);
    }
    offsets_.push_back(text.size());
    ByteSet bytes = ByteSet{}.set();
    if (!options.nul) bytes.reset(0);
    result_.specificity = Specificity::kNames;
    any_ = expressions.set(bytes);
    whole_components_ = !options.slashes;
    no_slash_ = options.slashes ? any_ : expressions.set(bytes.reset('/'));
    groups_.emplace_back();
  }

  tl::expected<Aare, AareNote> run() {
    while (at_ < text_.size() && !error_) step();
    if (!error_ && groups_.size() > 1) {
      error(groups_.back().at, "this { is never closed: add }, or write \\{ for the character");
    }
    if (error_) return tl::unexpected(*std::move(error_));
    result_.expression = expressions_.concat(groups_[0].sequence);
    result_.exact = exact_;
    return std::move(result_);
  }

 private:
  /// An open {...}; the outermost is the AARE itself.
  struct Group {
    size_t at = 0;
    std::vector<ExpressionId> alternatives;  // complete ones
    std::vector<ExpressionId> sequence;      // the one being read
  };

  void step() {
    const size_t from = at_;
    const char c = text_[at_++];
    switch (c) {
      case '\\':
        if (const auto byte = escape(from)) literal(*byte);
        break;
      case '?':
        glob(no_slash_);
        break;
      case '*':
        stars(from);
        break;
      case '[':
        byte_class(from);
        break;
      case ']':
        error(from, "this ] closes nothing: write \\] for the character");
        break;
      case '{':
        exact_ = false;
        if (groups_.size() > kMaxGroups) {
          error(from, "alternations are nested 50 deep, and 49 is the most");
        }
        groups_.push_back({from, {}, {}});
        break;
      case ',':
        if (groups_.size() == 1) {
          literal(c);
        } else {
          end_alternative();
        }
        break;
      case '}':
        close_group(from);
        break;
      default:
        literal(c);
        break;
    }
  }

  void literal(char byte) {
    if (exact_) result_.prefix += byte;
    groups_.back().sequence.push_back(expressions_.byte(static_cast<uint8_t>(byte)));
  }

  void glob(ExpressionId part, Specificity specificity = Specificity::kGlob) {
    exact_ = false;
    result_.specificity = std::min(result_.specificity, specificity);
    groups_.back().sequence.push_back(part);
  }

  void stars(size_t from) {
    size_t end = from;
    while (end < text_.size() && text_[end] == '*') ++end;
    const bool whole_component = whole_components_ && from > 0 && text_[from - 1] == '/' &&
                                 (end == text_.size() || text_[end] == '/');
    if (whole_component) glob(no_slash_);
    for (size_t i = from; i < end; i += 2) {
      glob(expressions_.star(i + 1 < end ? any_ : no_slash_));
    }
    at_ = end;
  }

  void end_alternative() {
    Group& group = groups_.back();
    group.alternatives.push_back(expressions_.concat(group.sequence));
    group.sequence.clear();
  }

  void close_group(size_t from) {
    if (groups_.size() == 1) {
      return error(from, "this } closes nothing: write \\} for the character");
    }
    if (groups_.back().alternatives.empty()) {
      return error(groups_.back().at,
                   "an alternation needs a comma, as in {a,b} or {a,}: write \\{ and \\} for the "
                   "characters");
    }
    end_alternative();
    const ExpressionId whole = expressions_.alternate(groups_.back().alternatives);
    groups_.pop_back();
    groups_.back().sequence.push_back(whole);
  }

  /// After "[".
  void byte_class(size_t from) {
    ByteSet bytes;
    const bool negated = at_ < text_.size() && text_[at_] == '^';
    if (negated) ++at_;
    const size_t first = at_;
    while (at_ < text_.size() && text_[at_] != ']') {
      const size_t low_at = at_;
      const auto low = class_byte();
      if (!low) return;
      auto high = low;
      if (at_ + 1 < text_.size() && text_[at_] == '-' && text_[at_ + 1] != ']') {
        ++at_;
        high = class_byte();
        if (!high) return;
      }
      if (*low > *high) return error(low_at, "this range ends before it begins: swap its ends");
      for (uint32_t byte = *low; byte <= *high; ++byte) bytes.set(byte);
    }
    if (at_ == text_.size()) {
      return error(from, "this [ is never closed: add ], or write \\[ for the character");
    }
    if (at_ == first) return error(from, "this class is empty: write \\] for the character ]");
    ++at_;
    glob(expressions_.set(negated ? ~bytes : bytes),
         negated ? Specificity::kGlob : Specificity::kClasses);
  }

  std::optional<uint8_t> class_byte() {
    const size_t from = at_;
    const char c = text_[at_++];
    if (c != '\\') return static_cast<uint8_t>(c);
    const auto byte = escape(from);
    if (!byte) return std::nullopt;
    return static_cast<uint8_t>(*byte);
  }

  /// After "\". Nothing, and an error, at the end of the text.
  std::optional<char> escape(size_t from) {
    if (at_ == text_.size()) {
      error(from, "nothing follows this \\: write \\\\ for the character");
      return std::nullopt;
    }
    if (digit_value(text_[at_], 8) >= 0) return number(8, 3);
    const char c = text_[at_++];
    const bool digits_follow =
        at_ < text_.size() && ((c == 'd' && digit_value(text_[at_], 10) >= 0) ||
                               (c == 'x' && digit_value(text_[at_], 16) >= 0));
    if (digits_follow) return c == 'd' ? number(10, 3) : number(16, 2);
    switch (c) {
      case 'a':
        return '\a';
      case 'e':
        return '\x1b';
      case 'f':
        return '\f';
      case 'n':
        return '\n';
      case 'r':
        return '\r';
      case 't':
        return '\t';
      default:
        break;
    }
    // Quoted in names without quotes, or special in an AARE.
    constexpr std::string_view kNeeded = "\\*?[]{}^,\"! -";
    if (kNeeded.find(c) == std::string_view::npos) {
      result_.warnings.push_back({offsets_[from], "this \\ is not needed, and is ignored"});
    }
    return c;
  }

  /// Digits as long as the value is a byte: \777 is \77 and a 7, as AppArmor reads it.
  char number(int base, int digits) {
    int value = 0;
    for (; digits > 0 && at_ < text_.size(); --digits, ++at_) {
      const int digit = digit_value(text_[at_], base);
      if (digit < 0 || value * base + digit > UINT8_MAX) break;
      value = value * base + digit;
    }
    return static_cast<char>(value);
  }

  void error(size_t at, std::string message) {
    error_ = AareNote{offsets_[at], std::move(message)};
  }

  Expressions& expressions_;
  std::string text_;             // with slashes filtered
  std::vector<size_t> offsets_;  // of each byte of text_ in the AARE as written, and its end
  size_t at_ = 0;
  bool exact_ = true;  // no glob so far
  bool whole_components_ = true;
  ExpressionId any_ = 0;
  ExpressionId no_slash_ = 0;
  std::vector<Group> groups_;
  std::optional<AareNote> error_;
  Aare result_{};
};

}  // namespace

tl::expected<Aare, AareNote> parse_aare(Expressions& expressions, std::string_view text,
                                        const AareOptions& options) {
  return Parser(expressions, text, options).run();
}

}  // namespace aspis::automaton
