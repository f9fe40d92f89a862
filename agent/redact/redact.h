// SPDX-License-Identifier: Apache-2.0
// Secrets in arguments, before anybody is told of them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/event/event.h"
#include "base/result.h"

namespace aspis {

/// What stands for what is hidden.
inline constexpr std::string_view kHidden = "***";

/// Regular expressions (PCRE2) on lists of arguments. They see a list as one text, an argument a
/// line, so that `--password[=\s](.+)` finds the value in the same argument or in the next, and no
/// further. What its groups match is hidden, or all that it matches, if it has none. An expression
/// that takes too long on a list hides all of it: who writes arguments must not choose what is
/// hidden.
class Redactor {
 public:
  /// Fails with the expression, the offset in it, and what is wrong there.
  static Result<Redactor> create(const std::vector<std::string>& expressions);
  Redactor();
  ~Redactor();
  Redactor(Redactor&&) noexcept;
  Redactor& operator=(Redactor&&) noexcept;

  [[nodiscard]] bool empty() const { return expressions_.empty(); }

  /// Whether anything was hidden.
  bool redact(std::vector<std::string>& texts) const;

 private:
  struct Expression;
  void find(const Expression& expression, const std::string& subject,
            std::vector<bool>& hidden) const;

  std::vector<Expression> expressions_;
};

/// The same of what an event has: the command line and environment of an execution, and the strings
/// among an audit event's values, however deep, as one list in their order.
class EventRedactor {
 public:
  explicit EventRedactor(Redactor redactor) : redactor_(std::move(redactor)) {}

  /// Replaces in place. New texts live until the next call with an event.
  void redact_arguments(ExecPayload& exec);
  void redact_environment(ExecPayload& exec) const;
  /// Whether anything was hidden; `out` is then `python` with it hidden.
  bool redact(const PythonPayload& python, PythonPayload& out);
  void redact(std::string& text) const;

 private:
  Redactor redactor_;
  std::vector<std::string> texts_;
};

}  // namespace aspis
