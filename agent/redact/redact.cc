// SPDX-License-Identifier: Apache-2.0
#include "agent/redact/redact.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "agent/event/utf8.h"
#include "agent/event/value.h"

namespace aspis {
namespace {

/// Steps of the matcher. A list of 4 KiB takes some thousand with a sane expression.
constexpr std::uint32_t kStepsMax = 200'000;

std::string message_of(int code) {
  PCRE2_UCHAR text[256];
  pcre2_get_error_message(code, text, sizeof(text));
  return reinterpret_cast<const char*>(text);
}

void hide(std::vector<bool>& hidden, std::size_t begin, std::size_t end) {
  for (std::size_t i = begin; i < end; ++i) hidden[i] = true;
}

bool is_text(const Value& value) {
  return value.type == ASPIS_VALUE_STR || value.type == ASPIS_VALUE_BYTES;
}

std::string utf8_of(const Value& value) {
  if (value.type == ASPIS_VALUE_BYTES) return std::string(value.bytes);
  std::string out;
  for (CodeUnits units = code_units(value); !units.bytes.empty();) append_utf8(out, units.next());
  return out;
}

void collect(const std::vector<Value>& values, std::vector<std::string>& texts) {
  for (const Value& value : values) {
    if (is_text(value)) texts.push_back(utf8_of(value));
    collect(value.items, texts);
  }
}

/// Takes from `texts` what differs from what the value has.
void replace(std::vector<Value>& values, const std::vector<std::string>& before,
             const std::vector<std::string>& texts, std::size_t& at) {
  for (Value& value : values) {
    if (is_text(value)) {
      if (texts[at] != before[at]) {
        value.bytes = texts[at];
        value.flags &= static_cast<std::uint8_t>(~ASPIS_VALUE_KIND);  // UTF-8
      }
      ++at;
    }
    replace(value.items, before, texts, at);
  }
}

}  // namespace

struct Redactor::Expression {
  struct Free {
    void operator()(pcre2_code* code) const { pcre2_code_free(code); }
  };
  std::unique_ptr<pcre2_code, Free> code;
  std::uint32_t groups = 0;
};

Redactor::Redactor() = default;
Redactor::~Redactor() = default;
Redactor::Redactor(Redactor&&) noexcept = default;
Redactor& Redactor::operator=(Redactor&&) noexcept = default;

Result<Redactor> Redactor::create(const std::vector<std::string>& expressions) {
  Redactor made;
  for (const std::string& text : expressions) {
    int code = 0;
    PCRE2_SIZE offset = 0;
    Expression& expression = made.expressions_.emplace_back();
    expression.code.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(),
                                        PCRE2_NEVER_BACKSLASH_C, &code, &offset, nullptr));
    if (!expression.code)
      return fail("'" + text + "': at offset " + std::to_string(offset) + ": " + message_of(code));
    pcre2_pattern_info(expression.code.get(), PCRE2_INFO_CAPTURECOUNT, &expression.groups);
  }
  return made;
}

void Redactor::find(const Expression& expression, const std::string& subject,
                    std::vector<bool>& hidden) const {
  struct FreeData {
    void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
    void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
  };
  const std::unique_ptr<pcre2_match_data, FreeData> data(
      pcre2_match_data_create_from_pattern(expression.code.get(), nullptr));
  const std::unique_ptr<pcre2_match_context, FreeData> context(pcre2_match_context_create(nullptr));
  if (!data || !context) return hide(hidden, 0, subject.size());
  pcre2_set_match_limit(context.get(), kStepsMax);
  const auto* bytes = reinterpret_cast<PCRE2_SPTR>(subject.data());
  for (std::size_t at = 0; at <= subject.size();) {
    const int found =
        pcre2_match(expression.code.get(), bytes, subject.size(), at, 0, data.get(), context.get());
    if (found == PCRE2_ERROR_NOMATCH) return;
    if (found < 0) return hide(hidden, 0, subject.size());
    const PCRE2_SIZE* ends = pcre2_get_ovector_pointer(data.get());
    for (std::size_t group = expression.groups == 0 ? 0 : 1; group <= expression.groups; ++group)
      if (ends[2 * group] != PCRE2_UNSET) hide(hidden, ends[2 * group], ends[2 * group + 1]);
    at = ends[1] > at ? ends[1] : at + 1;
  }
}

bool Redactor::redact(std::vector<std::string>& texts) const {
  if (empty() || texts.empty()) return false;
  std::string subject;
  for (const std::string& text : texts) subject.append(text).append("\n");
  subject.pop_back();
  std::vector<bool> hidden(subject.size());
  for (const Expression& expression : expressions_) find(expression, subject, hidden);
  bool any = false;
  std::size_t at = 0;
  for (std::string& text : texts) {
    std::string shown;
    bool before = false;
    for (const char c : text) {
      const bool now = hidden[at++];
      if (!now)
        shown += c;
      else if (!before)
        shown += kHidden;
      before = now;
      any |= now;
    }
    ++at;  // the line's end
    text = std::move(shown);
  }
  return any;
}

void EventRedactor::redact_environment(ExecPayload& exec) const {
  (void)redactor_.redact(exec.environment);
}

void EventRedactor::redact_arguments(ExecPayload& exec) {
  if (redactor_.empty()) return;
  texts_.assign(exec.argv.begin(), exec.argv.end());
  if (redactor_.redact(texts_)) exec.argv.assign(texts_.begin(), texts_.end());
}

bool EventRedactor::redact(const PythonPayload& python, PythonPayload& out) {
  if (redactor_.empty()) return false;
  std::vector<std::string> before;
  collect(python.values, before);
  texts_ = before;
  if (!redactor_.redact(texts_)) return false;
  out = python;
  std::size_t at = 0;
  replace(out.values, before, texts_, at);
  return true;
}

void EventRedactor::redact(std::string& text) const {
  std::vector<std::string> one{text};
  if (redactor_.redact(one)) text = std::move(one.front());
}

}  // namespace aspis
