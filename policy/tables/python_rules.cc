// SPDX-License-Identifier: Apache-2.0
// Rules on Python's audit events (bpf/abi/subject.h: PYTHON), and changes of profile on them.
#include <algorithm>
#include <charconv>
#include <limits>

#include "bpf/abi/subject.h"
#include "policy/language/variables.h"
#include "policy/tables/spelling.h"
#include "policy/tables/subject_pattern.h"

namespace aspis::policy {
namespace {

constexpr std::size_t kMaxGlob = 4096;

/// An event's name in rules is a glob in which "/" (ctypes.cdata/buffer) is like any character.
constexpr automaton::AareOptions kEventGlob{.filter_slashes = false, .slashes = true};
constexpr automaton::AareOptions kValueGlob{.filter_slashes = false, .nul = true};

std::string listed(std::span<const std::string_view> names) {
  std::string list;
  for (const std::string_view name : names) list.append(list.empty() ? "" : ", ").append(name);
  return list.empty() ? "none" : list;
}

/// Number of an argument called arg0, arg1, …
std::optional<std::size_t> number_of(std::string_view name) {
  constexpr std::string_view kPrefix = "arg";
  if (!name.starts_with(kPrefix)) return std::nullopt;
  std::size_t position = 0;
  const char* end = name.data() + name.size();
  const auto parsed = std::from_chars(name.data() + kPrefix.size(), end, position);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return position;
}

/// What one rule says of events, put into subjects.
class EventRule {
 public:
  EventRule(const Rule& rule, const PythonRule& python, const ClassContext& context)
      : rule_(rule), python_(python), context_(context), parts_(context) {
    // What cannot be seen to its end may be what a rule denies.
    denies_ = rule.qualifiers.decision != Decision::Allow;
  }

  void add(std::uint16_t permissions, std::uint16_t exec) {
    permissions_ = permissions;
    exec_ = exec;
    if (!python_.event) {
      add_subject(parts_.some_text(), {});
      return;
    }
    values_.assign(python_.arguments.size(), 0);
    for (std::size_t i = 0; i < values_.size(); i++) {
      const auto found = value(python_.arguments[i].value);
      if (!found) return;
      values_[i] = *found;
    }
    const PatternContext& patterns = context_.patterns;
    for (const std::string& text :
         expand(*python_.event, patterns.variables, patterns.diagnostics)) {
      event(text);
    }
  }

 private:
  Diagnostics& diagnostics() { return context_.patterns.diagnostics; }
  automaton::Expressions& all() { return context_.rules.expressions(); }

  /// By names that only some events have, a glob means each of those.
  void event(const std::string& text) {
    const Word& word = *python_.event;
    const auto aare = context_.rules.pattern(text, word, kEventGlob);
    if (!aare) return;
    specificity_ = aare->specificity;
    const bool named = std::ranges::any_of(python_.arguments, [](const PythonArgument& argument) {
      return !number_of(argument.name.text);
    });
    if (!named || aare->exact) {
      const PythonEvent* known = aare->exact ? find(aare->prefix) : nullptr;
      if (const auto positions = positions_in(known)) add_event(aare->expression, *positions);
      return;
    }
    bool any = false;
    for (const PythonEvent& known : context_.python_events) {
      if (!matches(text, known.name)) continue;
      const auto positions = quiet_positions_in(known);
      if (!positions) continue;
      any = true;
      add_event(literal(known.name), *positions);
    }
    if (!any) {
      diagnostics().error(word.at, "No known event that " + text +
                                       " matches has these arguments; of any event they can be "
                                       "called arg0, arg1, …");
    }
  }

  const PythonEvent* find(std::string_view name) const {
    const auto found = std::ranges::find(context_.python_events, name, &PythonEvent::name);
    return found == context_.python_events.end() ? nullptr : &*found;
  }

  /// The arguments' numbers in an event; errors are told.
  std::optional<std::vector<std::size_t>> positions_in(const PythonEvent* known) {
    std::vector<std::size_t> positions;
    for (const PythonArgument& argument : python_.arguments) {
      const std::string& name = argument.name.text;
      const auto position = position_of(name, known);
      if (!position) {
        diagnostics().error(
            argument.name.at,
            known != nullptr
                ? "The event " + std::string(known->name) + " has no argument " + name +
                      "; its arguments are: " + listed(known->arguments) + "."
                : "Python raises no such event by itself, so its arguments are called arg0, arg1, "
                  "…, not " +
                      name + ".");
        return std::nullopt;
      }
      if (*position >= ASPIS_AUDIT_ARGS_MAX) {
        diagnostics().error(argument.name.at,
                            "Rules see the first " + std::to_string(ASPIS_AUDIT_ARGS_MAX) +
                                " arguments of an event; this one comes after them.");
        return std::nullopt;
      }
      positions.push_back(*position);
    }
    return positions;
  }

  [[nodiscard]] std::optional<std::vector<std::size_t>> quiet_positions_in(
      const PythonEvent& known) const {
    std::vector<std::size_t> positions;
    for (const PythonArgument& argument : python_.arguments) {
      const auto position = position_of(argument.name.text, &known);
      if (!position || *position >= ASPIS_AUDIT_ARGS_MAX) return std::nullopt;
      positions.push_back(*position);
    }
    return positions;
  }

  static std::optional<std::size_t> position_of(std::string_view name, const PythonEvent* known) {
    if (known != nullptr) {
      const auto found = std::ranges::find(known->arguments, name);
      if (found != known->arguments.end()) {
        return static_cast<std::size_t>(found - known->arguments.begin());
      }
    }
    return number_of(name);
  }

  [[nodiscard]] bool matches(const std::string& glob, std::string_view name) const {
    automaton::Expressions expressions;
    const auto aare = automaton::parse_aare(expressions, glob, kEventGlob);
    const automaton::Rule rules[] = {{aare->expression, 0}};
    const auto dfa = automaton::build_dfa(expressions, rules);
    if (!dfa) return false;
    std::uint32_t state = dfa->start;
    for (const char c : name) {
      state = dfa->next(state, dfa->classes.of[static_cast<std::uint8_t>(c)]);
    }
    return dfa->accept[state] != 0;
  }

  ExpressionId literal(std::string_view text) {
    std::vector<ExpressionId> bytes;
    for (const char c : text) bytes.push_back(all().byte(static_cast<std::uint8_t>(c)));
    return all().concat(bytes);
  }

  /// A text as it stands in a subject; of a rule that denies, also its beginnings where it was cut.
  ExpressionId text(ExpressionId plain) {
    const ExpressionId whole = spelled(all(), plain);
    if (!denies_) return whole;
    return parts_.either(
        {whole, parts_.concat(
                    {beginnings(all(), whole), parts_.bytes({ASPIS_SPELLED, ASPIS_SPELLED_CUT})})});
  }

  std::optional<ExpressionId> value(const Word& word) {
    std::vector<ExpressionId> found;
    const PatternContext& patterns = context_.patterns;
    for (const std::string& text : expand(word, patterns.variables, patterns.diagnostics)) {
      if (text.size() > kMaxGlob) {
        diagnostics().error(word.at, "The value is longer than " + std::to_string(kMaxGlob) +
                                         " bytes: no argument is seen that far.");
        return std::nullopt;
      }
      const auto aare = context_.rules.pattern(text, word, kValueGlob);
      if (!aare) return std::nullopt;
      found.push_back(this->text(aare->expression));
    }
    if (found.empty()) return std::nullopt;
    return all().alternate(found);
  }

  void add_event(ExpressionId name, const std::vector<std::size_t>& positions) {
    add_subject(text(name), positions);
  }

  void add_subject(ExpressionId name, const std::vector<std::size_t>& positions) {
    std::vector<ExpressionId> parts{parts_.class_byte(ASPIS_CLASS_PYTHON), name, parts_.byte(0)};
    const std::size_t last = positions.empty() ? 0 : std::ranges::max(positions) + 1;
    for (std::size_t i = 0; i < last; i++) {
      const auto asked = std::ranges::find(positions, i);
      parts.push_back(asked == positions.end()
                          ? parts_.any_text()
                          : values_[static_cast<std::size_t>(asked - positions.begin())]);
      parts.push_back(parts_.byte(0));
    }
    parts.push_back(parts_.rest());
    context_.rules.add(all().concat(parts),
                       {rule_.at, rule_.qualifiers, permissions_, exec_, false, specificity_});
  }

  const Rule& rule_;
  const PythonRule& python_;
  const ClassContext& context_;
  SubjectPattern parts_;
  bool denies_ = false;
  std::uint16_t permissions_ = 0;
  std::uint16_t exec_ = 0;
  // Of two changes the one decides that names its event.
  automaton::Specificity specificity_ = automaton::Specificity::kGlob;
  std::vector<ExpressionId> values_;  // by argument as written
};

}  // namespace

void lower(const Rule& rule, const PythonRule& body, const ClassContext& context) {
  EventRule(rule, body, context).add(ASPIS_PYTHON_RAISE, 0);
}

void lower_change_on_event(const Rule& rule, const ChangeOnRule& body, std::uint16_t transition,
                           const ClassContext& context) {
  static_assert(ASPIS_PYTHON_CHANGE == ASPIS_MAY_EXEC, "or Access::exec would be left out");
  EventRule(rule, body.python, context).add(ASPIS_PYTHON_CHANGE, transition);
}

void allow_python_events(const Profile& profile, const ClassContext& context) {
  const bool any = std::ranges::any_of(profile.rules, [](const Rule& rule) {
    const auto* change = std::get_if<ChangeOnRule>(&rule.body);
    return std::holds_alternative<PythonRule>(rule.body) ||
           (change != nullptr && change->event.text == "python");
  });
  if (!any) return;
  context.compiled.mediated |= 1U << ASPIS_CLASS_PYTHON;
  Qualifiers weakest;
  weakest.priority = std::numeric_limits<int>::min();
  SubjectPattern parts(context);
  context.rules.add(parts.concat({parts.class_byte(ASPIS_CLASS_PYTHON), parts.rest()}),
                    {profile.at, weakest, ASPIS_PYTHON_RAISE});
}

}  // namespace aspis::policy
