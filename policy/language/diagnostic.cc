// SPDX-License-Identifier: Apache-2.0
// Printing diagnostics as compilers do.
#include "policy/language/diagnostic.h"

#include <algorithm>

namespace aspis::policy {
namespace {

constexpr std::size_t kMaxShown = 200;
constexpr std::size_t kMaxMessage = 500;

std::string printable(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = c == '\t' ? '\t' : '?';
  }
  return out;
}

void render_one(std::string& out, Position at, std::string_view kind, std::string_view message,
                const Sources& sources) {
  if (at.line == 0) {
    out.append(kind).append(": ").append(printable(message)).append("\n");
    return;
  }
  out += sources.name(at.file) + ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
  out.append(": ").append(kind).append(": ").append(printable(message)).append("\n");
  const std::string line = printable(sources.line(at.file, at.line));
  const std::size_t caret = std::min<std::size_t>(at.column - 1, line.size());
  if (caret > kMaxShown) return;  // a caret that far to the right helps nobody
  out += "  " + line.substr(0, kMaxShown) + "\n  ";
  for (std::size_t i = 0; i < caret; i++) out += line[i] == '\t' ? '\t' : ' ';
  out += "^\n";
}

}  // namespace

void Diagnostics::error(Position at, std::string message, std::vector<Note> notes) {
  if (full()) return;
  errors_++;
  if (message.size() > kMaxMessage) message.replace(kMaxMessage, std::string::npos, "…");
  all_.push_back({Severity::Error, at, std::move(message), std::move(notes)});
}

// A file may be included by several profiles.
bool Diagnostics::told(Severity severity, Position at, std::string_view message) const {
  return std::ranges::any_of(all_, [&](const Diagnostic& one) {
    return one.severity == severity && one.at == at && one.message == message;
  });
}

void Diagnostics::warning(Position at, std::string message, std::vector<Note> notes) {
  if (all_.size() - errors_ >= kMaxWarnings || told(Severity::Warning, at, message)) return;
  all_.push_back({Severity::Warning, at, std::move(message), std::move(notes)});
}

void Diagnostics::unenforced(Position at, std::string message) {
  if (!strict_) return warning(at, std::move(message));
  if (!told(Severity::Error, at, message)) error(at, std::move(message));
}

std::string render(const Diagnostic& diagnostic, const Sources& sources) {
  std::string out;
  const bool error = diagnostic.severity == Severity::Error;
  render_one(out, diagnostic.at, error ? "error" : "warning", diagnostic.message, sources);
  for (const Note& note : diagnostic.notes) {
    render_one(out, note.at, "note", note.message, sources);
  }
  return out;
}

std::string render(Position at, std::string_view kind, std::string_view message,
                   const Sources& sources) {
  std::string out;
  render_one(out, at, kind, message, sources);
  return out;
}

}  // namespace aspis::policy
