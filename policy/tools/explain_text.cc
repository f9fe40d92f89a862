// SPDX-License-Identifier: Apache-2.0
#include "policy/tools/explain_text.h"

#include <algorithm>

#include "bpf/abi/event.h"
#include "policy/language/diagnostic.h"
#include "policy/tools/words.h"

namespace aspis::policy {
namespace {

constexpr std::size_t kMaxHints = 3;

std::string_view verdict_words(std::uint8_t verdict, bool reported) {
  if (verdict == ASPIS_VERDICT_ALLOWED) return reported ? "allowed, and reported" : "allowed";
  if (verdict == ASPIS_VERDICT_COMPLAIN) return "would be denied (complain)";
  return reported ? "denied" : "denied quietly";
}

class Writer {
 public:
  Writer(const Answer& answer, const Question& question, const Explained& explained,
         std::uint16_t id, const Sources& sources)
      : answer_(answer),
        question_(question),
        policy_(explained.policy),
        image_(explained.image),
        profile_(explained.policy.profiles[id - 1U]),
        sources_(sources) {}

  std::string write() {
    head();
    if (profile_.mode == ASPIS_MODE_UNCONFINED) {
      line("The profile is unconfined: it denies nothing, whatever its rules are.");
    }
    if (profile_.mode == ASPIS_MODE_KILL && answer_.verdict == ASPIS_VERDICT_DENIED) {
      line("The profile kills: the process gets signal " + std::to_string(profile_.kill_signal) +
           ".");
    }
    for (const Part& part : answer_.parts) this->part(part);
    return std::move(out_);
  }

 private:
  void line(std::string_view text) { out_.append(text).append("\n"); }

  void head() {
    std::string what = file_letters(question_.request) + " " + question_.path;
    if (!question_.target.empty()) what += " -> " + question_.target;
    line(profile_.name + ": " + what + ": " +
         std::string(verdict_words(answer_.verdict, answer_.reported)));
  }

  /// A rule once at each place: those of a variable's values are several.
  bool rule(const Access& rule, std::string_view kind, const std::string& message) {
    if (std::find(shown_.begin(), shown_.end(), rule.at) != shown_.end()) return false;
    shown_.push_back(rule.at);
    out_ += render(rule.at, kind, message, sources_);
    return true;
  }

  void part(const Part& part) {
    shown_.clear();
    const std::string letter = file_letters(part.permission);
    const Reasons& reasons = part.reasons;
    std::string verdict(verdict_words(part.verdict, part.reported));
    if (reasons.deciding.empty()) verdict += ": no rule gives it";
    line("\n" + letter + ": " + verdict);
    for (const Access* access : reasons.deciding) rule(*access, "rule", deciding(part, *access));
    for (const Loser& loser : reasons.losing) {
      rule(*loser.rule, "loses", why(loser, reasons));
    }
    if (part.permission == ASPIS_MAY_EXEC) exec();
    if (part.permission == ASPIS_MAY_LINK && answer_.beyond_target) subset();
    hints(part, letter);
  }

  [[nodiscard]] std::string deciding(const Part& part, const Access& access) const {
    const bool implied = (access.permissions & part.permission) == 0;
    std::string says = access.qualifiers.decision == Decision::Allow ? "allows" : "denies";
    if (access.qualifiers.audit) says += ", and audits";
    return implied ? says + ": ix implies m" : says;
  }

  [[nodiscard]] static std::string why(const Loser& loser, const Reasons& reasons) {
    const auto priority = [](const Access& access) {
      return std::to_string(access.qualifiers.priority);
    };
    switch (loser.why) {
      case Loss::Priority:
        return "lower priority (" + priority(*loser.rule) + ", the other has " +
               priority(*reasons.deciding.front()) + ")";
      case Loss::Deny:
        return "deny is stronger";
      case Loss::Specificity:
        return "a rule with fewer globs is stronger";
      case Loss::Owner:
        return "owner rule; asked as other (--owner asks as owner)";
      case Loss::Other:
        return "other rule; asked as owner (--other asks as other)";
    }
    return {};
  }

  void exec() {
    if (!answer_.exec) return;
    const Destination& to = *answer_.destination;
    std::string text = exec_words(*answer_.exec) + ": ";
    if (to.info == ASPIS_INFO_STACK_FULL) {
      text += "denied: more than " + std::to_string(ASPIS_STACK_MAX) + " profiles would be stacked";
    } else if (to.info != ASPIS_INFO_NONE) {
      text += "denied: " + missing() + ", and the rule has no fallback";
    } else {
      if (to.fallback) text += missing() + ": ";
      text += to.profiles.empty() ? "runs unconfined" : "runs under " + stack(to);
      if (to.scrub) text += ", environment scrubbed";
    }
    line(text);
    for (const std::string& target : answer_.exec->targets) {
      if (!known(target)) line("note: there is no profile " + target + " in this policy");
    }
  }

  /// Which profile there is none of.
  [[nodiscard]] std::string missing() const {
    const CompiledExec& exec = *answer_.exec;
    if (!exec.targets.empty()) return "no profile " + exec.targets.front() + " in this policy";
    return std::string("no ") + (exec.mode == ASPIS_EXEC_CHILD ? "child" : "profile") +
           " in this policy attaches to " + question_.path + " (or several do, and none best)";
  }

  [[nodiscard]] bool known(const std::string& name) const {
    return std::any_of(policy_.profiles.begin(), policy_.profiles.end(),
                       [&](const CompiledProfile& profile) { return profile.name == name; });
  }

  [[nodiscard]] std::string stack(const Destination& to) const {
    std::string text;
    for (const std::uint16_t id : to.profiles) {
      text += (text.empty() ? "" : "//&") + image_.names[id];
    }
    return text;
  }

  void subset() {
    const std::string beyond = file_letters(*answer_.beyond_target);
    line(beyond.empty()
             ? "The rule allows links to what the link's name gives no more than: so it is."
             : "denied: link not subset of target: " + question_.path + " also allows " + beyond);
  }

  void hints(const Part& part, const std::string& letter) {
    if (!part.other_name.empty()) {
      line("note: " + part.other_name + " is allowed " + letter +
           ": the kernel's name of a directory ends in \"/\", that of a file does not");
    }
    std::size_t left = kMaxHints;
    for (const Access* access : part.lacking) {
      if (left > 0 && rule(*access, "note", "matches the path, but does not give " + letter)) {
        left--;
      }
    }
  }

  const Answer& answer_;
  const Question& question_;
  const CompiledPolicy& policy_;
  const Image& image_;
  const CompiledProfile& profile_;
  const Sources& sources_;
  std::vector<Position> shown_;  // of the part at hand
  std::string out_;
};

}  // namespace

std::string explain_text(const Answer& answer, const Question& question, const Explained& explained,
                         std::uint16_t id, const Sources& sources) {
  return Writer(answer, question, explained, id, sources).write();
}

}  // namespace aspis::policy
