// SPDX-License-Identifier: Apache-2.0
#include "policy/tools/dot.h"

#include <array>
#include <map>

#include "policy/tools/words.h"

namespace aspis::policy {
namespace {

constexpr unsigned kBytes = 256;

void append_byte(std::string& text, unsigned byte) {
  constexpr std::string_view kEscaped = "\\-[]^";
  if (byte > 0x20 && byte < 0x7f) {
    if (kEscaped.find(static_cast<char>(byte)) != std::string_view::npos) text += '\\';
    text += static_cast<char>(byte);
    return;
  }
  const auto digit = [&](unsigned shift) { return static_cast<char>('0' + (byte >> shift & 7)); };
  text.append({'\\', digit(6), digit(3), digit(0)});
}

/// Runs of three bytes and more with a "-".
std::string ranges(const std::bitset<kBytes>& bytes) {
  std::string text;
  for (unsigned first = 0; first < kBytes; first++) {
    if (!bytes[first]) continue;
    unsigned last = first;
    while (last + 1 < kBytes && bytes[last + 1]) last++;
    append_byte(text, first);
    if (last > first + 1) text += '-';
    if (last > first) append_byte(text, last);
    first = last;
  }
  return text;
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c == '\n' ? std::string("\\n") : std::string(1, c);
  }
  return out + '"';
}

std::string half(const aspis_permissions& permissions, const CompiledProfile& profile) {
  std::string text = file_letters(permissions.allow);
  if (permissions.exec != 0) text += " " + exec_words(profile.execs[permissions.exec - 1U]);
  if (permissions.deny != 0) text += " deny " + file_letters(permissions.deny);
  if (permissions.audit != 0) text += " audit " + file_letters(permissions.audit);
  return text;
}

std::string outcome(const aspis_outcome& outcome, const CompiledProfile& profile) {
  const std::string owner = half(outcome.owner, profile), other = half(outcome.other, profile);
  if (owner == other) return other;
  return "owner: " + owner + (other.empty() ? "" : "\nother: " + other);
}

/// Which bytes lead from a state to each of the next.
std::map<std::uint16_t, std::bitset<kBytes>> edges(const automaton::Table& table,
                                                   std::size_t state) {
  std::map<std::uint16_t, std::bitset<kBytes>> to;
  for (unsigned byte = 0; byte < kBytes; byte++) {
    const std::uint16_t next = table.rows[state * table.width + table.class_of[byte]];
    if (next != 0) to[next].set(byte);
  }
  return to;
}

}  // namespace

std::string byte_set_words(const std::bitset<256>& bytes) {
  if (bytes.all()) return "any";
  // NUL separates the names of a pair: what matches "all bytes but a few" is the shorter to read.
  const bool inverted = bytes.count() > kBytes / 2;
  const std::string text = ranges(inverted ? ~bytes : bytes);
  if (inverted) return "[^" + text + "]";
  return bytes.count() == 1 ? text : "[" + text + "]";
}

std::string dot(const CompiledProfile& profile) {
  const automaton::Table& table = profile.file.table;
  std::string out = "digraph " + quoted(profile.name) +
                    " {\n  rankdir=LR;\n  node [shape=circle];\n  start [shape=point];\n";
  if (table.start != 0) out += "  start -> " + std::to_string(table.start) + ";\n";
  for (std::size_t state = 1; state < table.states(); state++) {
    const std::string name = std::to_string(state);
    const std::string label =
        outcome(profile.file.outcomes[table.outcome(static_cast<std::uint16_t>(state))], profile);
    out += "  " + name + " [";
    out += label.empty() ? "label=\"\"" : "shape=box, label=" + quoted(label);
    out += "];\n";
    for (const auto& [next, bytes] : edges(table, state)) {
      out += "  " + name + " -> " + std::to_string(next) +
             " [label=" + quoted(byte_set_words(bytes)) + "];\n";
    }
  }
  return out + "}\n";
}

}  // namespace aspis::policy
