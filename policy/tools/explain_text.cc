// SPDX-License-Identifier: Apache-2.0
#include "policy/tools/explain_text.h"

#include <algorithm>
#include <limits>

#include "bpf/abi/event.h"
#include "policy/language/diagnostic.h"
#include "policy/tools/words.h"

namespace aspis::policy {
namespace {

constexpr std::size_t kMaxHints = 3;
// What exec_words has before the target of a change.
constexpr std::string_view kArrow = "px -> ";

/// What holds where no rule speaks: an event is allowed, as is what a package only denies in.
bool is_default(const Access& access) {
  return access.qualifiers.priority == std::numeric_limits<int>::min();
}

std::string_view verdict_words(std::uint8_t verdict, bool reported) {
  if (verdict == ASPIS_VERDICT_ALLOWED) return reported ? "allowed, and reported" : "allowed";
  if (verdict == ASPIS_VERDICT_COMPLAIN) return "would be denied (complain)";
  return reported ? "denied" : "denied quietly";
}

/// The question in words.
struct Asked {
  std::string path;
  std::string what;
};

class Writer {
 public:
  Writer(const Answer& answer, const Asked& asked, const Explained& explained, std::uint16_t id,
         const Sources& sources)
      : answer_(answer),
        path_(asked.path),
        what_(asked.what),
        policy_(explained.policy),
        image_(explained.image),
        profile_(explained.policy.profiles[id - 1U]),
        sources_(sources) {}

  std::string write() {
    head();
    profile();
    for (const Answer& package : answer_.packages) this->package(package);
    return std::move(out_);
  }

 private:
  void line(std::string_view text) { out_.append(text).append("\n"); }

  void profile() {
    if (profile_.mode == ASPIS_MODE_UNCONFINED) {
      line("The profile is unconfined: it denies nothing, whatever its rules are.");
    }
    if (profile_.mode == ASPIS_MODE_KILL && answer_.verdict == ASPIS_VERDICT_DENIED) {
      line("The profile kills: the process gets signal " + std::to_string(profile_.kill_signal) +
           ".");
    }
    for (const Part& part : answer_.parts) this->part(part, answer_);
  }

  void package(const Answer& package) {
    line("\npackage " + package.package + ": " +
         std::string(verdict_words(package.verdict, package.reported)));
    for (const Part& part : package.parts) this->part(part, package);
  }

  void head() {
    line(profile_.name + ": " + what_ + ": " +
         std::string(verdict_words(answer_.verdict, answer_.reported)));
  }

  /// A rule once at each place: those of a variable's values are several.
  bool rule(const Access& rule, std::string_view kind, const std::string& message) {
    if (std::find(shown_.begin(), shown_.end(), rule.at) != shown_.end()) return false;
    shown_.push_back(rule.at);
    out_ += render(rule.at, kind, message, sources_);
    return true;
  }

  void part(const Part& part, const Answer& answer) {
    shown_.clear();
    const std::string letter = path_.empty() ? "raise" : file_letters(part.permission);
    const Reasons& reasons = part.reasons;
    std::string verdict(verdict_words(part.verdict, part.reported));
    if (reasons.deciding.empty()) verdict += ": no rule gives it";
    line("\n" + letter + ": " + verdict);
    for (const Access* access : reasons.deciding) rule(*access, "rule", deciding(part, *access));
    for (const Loser& loser : reasons.losing) {
      if (!is_default(*loser.rule)) rule(*loser.rule, "loses", why(loser, reasons));
    }
    if (answer.exec) exec();
    if (part.permission == ASPIS_MAY_LINK && answer.beyond_target) subset(answer);
    hints(part, letter);
  }

  [[nodiscard]] std::string deciding(const Part& part, const Access& access) const {
    const bool implied = (access.permissions & part.permission) == 0;
    std::string says = access.qualifiers.decision == Decision::Allow ? "allows" : "denies";
    if (access.qualifiers.audit) says += ", and audits";
    if (is_default(access)) says += " what no rule speaks of";
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
      case Loss::Unannounced:
        return "audited, and no audit event announced it (--announced asks as if one had)";
    }
    return {};
  }

  /// Where an exec leads; of an event, which profile it changes to.
  void exec() {
    if (!answer_.destination)
      return line("changes to " + exec_words(*answer_.exec).substr(kArrow.size()));
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
    launches();
    for (const std::string& target : answer_.exec->targets) {
      if (!known(target)) line("note: there is no profile " + target + " in this policy");
    }
  }

  /// Profiles with python=(…) that attach to the file, where the rule leaves it to attachments:
  /// they go before others where Python is started to run what they name.
  void launches() {
    const CompiledExec& exec = *answer_.exec;
    const bool child = exec.mode == ASPIS_EXEC_CHILD;
    if (!exec.targets.empty() || (!child && exec.mode != ASPIS_EXEC_PROFILE)) return;
    for (std::size_t i = 0; i < policy_.profiles.size(); ++i) {
      const CompiledProfile& profile = policy_.profiles[i];
      const std::uint32_t matcher = profile_of(image_, static_cast<std::uint16_t>(i + 1)).matcher;
      if (profile.launches.empty() || profile.attachments.empty() ||
          profile.parent != (child ? profile_.name : "") || outcome_of(image_, matcher, path_) == 0)
        continue;
      std::vector<std::string> words;
      for (const CompiledLaunch& launch : profile.launches) words.push_back(launch_words(launch));
      line("started to run " + listed(words) + ": runs under " + profile.name);
    }
  }

  /// Which profile there is none of.
  [[nodiscard]] std::string missing() const {
    const CompiledExec& exec = *answer_.exec;
    if (!exec.targets.empty()) return "no profile " + exec.targets.front() + " in this policy";
    return std::string("no ") + (exec.mode == ASPIS_EXEC_CHILD ? "child" : "profile") +
           " in this policy attaches to " + path_ + " (or several do, and none best)";
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

  void subset(const Answer& answer) {
    const std::string beyond = file_letters(*answer.beyond_target);
    line(beyond.empty()
             ? "The rule allows links to what the link's name gives no more than: so it is."
             : "denied: link not subset of target: " + path_ + " also allows " + beyond);
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
  const std::string path_;  // empty: an event was asked about
  const std::string what_;
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
  Asked asked{question.path, file_letters(question.request) + " " + question.path};
  if (!question.target.empty()) asked.what += " -> " + question.target;
  return Writer(answer, asked, explained, id, sources).write();
}

std::string explain_text(const Answer& answer, const EventQuestion& question,
                         const Explained& explained, std::uint16_t id, const Sources& sources) {
  return Writer(answer, {"", "python " + question.name}, explained, id, sources).write();
}

}  // namespace aspis::policy
