// SPDX-License-Identifier: Apache-2.0
// Errors and warnings about a policy, each with its place.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/language/source.h"

namespace aspis::policy {

enum class Severity { Warning, Error };

/// A second place that explains the first ("first defined here").
struct Note {
  Position at;
  std::string message;
};

struct Diagnostic {
  Severity severity = Severity::Error;
  Position at;
  std::string message;
  std::vector<Note> notes;
};

/// Collects what is found; after kMaxErrors errors it is full and takes no more.
class Diagnostics {
 public:
  /// `strict`: what is not enforced is an error.
  explicit Diagnostics(bool strict = false) : strict_(strict) {}

  static constexpr std::size_t kMaxErrors = 20;
  static constexpr std::size_t kMaxWarnings = 200;

  void error(Position at, std::string message, std::vector<Note> notes = {});
  /// Once for each place and message; so is what follows.
  void warning(Position at, std::string message, std::vector<Note> notes = {});
  /// Of a rule that is not enforced as it is written: an error if that was asked for, or a warning.
  void unenforced(Position at, std::string message);

  [[nodiscard]] std::size_t errors() const { return errors_; }
  [[nodiscard]] bool full() const { return errors_ >= kMaxErrors; }
  [[nodiscard]] const std::vector<Diagnostic>& all() const { return all_; }

 private:
  [[nodiscard]] bool told(Severity severity, Position at, std::string_view message) const;

  std::vector<Diagnostic> all_;
  std::size_t errors_ = 0;
  bool strict_;
};

/// "file:line:col: error: message", the line, a caret below it, and the notes in the same form.
/// Control characters of the line are shown as '?'.
std::string render(const Diagnostic& diagnostic, const Sources& sources);

/// One place in the same form: "file:line:col: kind: message", the line and a caret.
std::string render(Position at, std::string_view kind, std::string_view message,
                   const Sources& sources);

}  // namespace aspis::policy
