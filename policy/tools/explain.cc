// SPDX-License-Identifier: Apache-2.0
#include "policy/tools/explain.h"

#include <algorithm>

#include "bpf/abi/event.h"
#include "bpf/abi/subject.h"
#include "bpf/lib/match.h"
#include "policy/tables/context_path.h"

namespace aspis::policy {
namespace {

bool allows(const Access& access) {
  return access.qualifiers.decision == Decision::Allow;
}

/// Of execs, the greater decides.
int specificity(const Access& access) {
  return static_cast<int>(access.specificity);
}

/// Leaves the rules whose exec is taken: the most specific ones.
void choose_exec(Reasons& reasons) {
  int best = 0;
  for (const Access* rule : reasons.deciding) best = std::max(best, specificity(*rule));
  std::erase_if(reasons.deciding, [&](const Access* rule) {
    if (specificity(*rule) == best) return false;
    reasons.losing.push_back({rule, Loss::Specificity});
    return true;
  });
}

std::string subject(const Question& question) {
  if ((question.request & ASPIS_MAY_LINK) == 0) return question.path;
  return question.path + '\0' + question.target;
}

std::string other_name(const std::string& path) {
  if (!path.ends_with('/')) return path + '/';
  return path.size() > 1 ? path.substr(0, path.size() - 1) : "";
}

/// A profile, or one of its packages, in all its forms.
struct Rules {
  const CompiledProfile& compiled;
  const ProfileExplanation& explanation;
  const aspis_profile& laid;
};

Rules rules_of(const Explained& explained, std::uint16_t id) {
  return {explained.policy.profiles[id - 1U], explained.explanations[id - 1U],
          profile_of(explained.image, id)};
}

/// Calls `ask` with the rules of each package on the stack that has a say on a class, and adds what
/// it answers.
void ask_packages(const Explained& explained, std::uint16_t id,
                  const std::vector<std::string>& names, aspis_class kind, Answer& answer,
                  const std::function<Answer(const Rules&)>& ask) {
  const Rules profile = rules_of(explained, id);
  if (profile.laid.mode == ASPIS_MODE_UNCONFINED) return;
  for (const std::string& name : names) {
    const std::uint32_t number = package_number(explained.image, profile.laid, name);
    if (number == 0) continue;
    const Rules rules{profile.compiled.packages[number - 1],
                      profile.explanation.packages[number - 1],
                      package_of(explained.image, profile.laid, number)};
    if ((rules.laid.mediated >> kind & 1) == 0) continue;
    Answer one = ask(rules);
    one.package = name;
    answer.reported = answer.reported || one.reported;
    // The strongest word: a denial is one, whoever says it.
    const bool stronger =
        one.verdict == ASPIS_VERDICT_DENIED || answer.verdict == ASPIS_VERDICT_ALLOWED;
    if (stronger) answer.verdict = one.verdict;
    answer.packages.push_back(std::move(one));
  }
}

class Explainer {
 public:
  Explainer(const Image& image, std::uint16_t id, const Rules& rules, const Question& question)
      : image_(image),
        id_(id),
        question_(question),
        profile_(rules.compiled),
        laid_(rules.laid),
        explanation_(rules.explanation.file),
        permissions_(allowed_on(subject(question))) {}

  Answer answer() {
    if ((question_.request & permissions_.allow & ASPIS_MAY_EXEC) != 0) follow();
    if ((question_.request & permissions_.allow & ASPIS_MAY_LINK) != 0) test_subset();
    const auto matching = explanation_.matching(marked_subject());
    for (std::uint32_t bit = 1; bit <= ASPIS_MAY_ALL_FILE; bit <<= 1) {
      if ((question_.request & bit) != 0) part(static_cast<std::uint16_t>(bit), matching);
    }
    const decision all = decided(question_.request);
    answer_.verdict = all.verdict;
    answer_.reported = all.reported != 0;
    return std::move(answer_);
  }

 private:
  [[nodiscard]] aspis_permissions allowed_on(const std::string& name) const {
    return file_permissions(image_, laid_, name,
                            {question_.owner, question_.announced, question_.context});
  }

  [[nodiscard]] unsigned allowed_if(bool announced, const std::string& name) const {
    return file_permissions(image_, laid_, name, {question_.owner, announced, question_.context})
        .allow;
  }

  /// An unconfined profile is not asked (bpf/match.bpf.c).
  [[nodiscard]] decision decided(std::uint16_t request) const {
    if (laid_.mode == ASPIS_MODE_UNCONFINED) return {0, ASPIS_VERDICT_ALLOWED, 0};
    return decide(permissions_, request, laid_.mode, laid_.flags);
  }

  /// As it is matched where rules refer to the thread's context.
  [[nodiscard]] std::string marked_subject() const {
    return marked_path(subject(question_), profile_.contexts, question_.context);
  }

  void follow() {
    // A task keeps a profile that is unconfined, whatever it executes.
    if (permissions_.exec == 0 || profile_.mode == ASPIS_MODE_UNCONFINED) return;
    answer_.exec = profile_.execs[permissions_.exec - 1U];
    answer_.destination = destination(image_, id_, permissions_.exec, question_.path);
    if (answer_.destination->info != ASPIS_INFO_NONE) permissions_.allow &= ~ASPIS_MAY_EXEC;
  }

  /// security/apparmor/file.c: profile_path_link. Neither unannounced nor announced may the new
  /// name give what the old one does not.
  void test_subset() {
    if ((permissions_.allow & ASPIS_LINK_SUBSET) == 0) return;
    const unsigned tested = ASPIS_MAY_ALL_FILE & ~ASPIS_MAY_LINK;
    unsigned beyond = 0;
    for (const bool announced : {false, true})
      beyond |= allowed_if(announced, question_.path) & ~allowed_if(announced, question_.target);
    answer_.beyond_target = static_cast<std::uint16_t>(beyond & tested);
    if (*answer_.beyond_target != 0) permissions_.allow &= ~ASPIS_MAY_LINK;
  }

  void part(std::uint16_t bit, std::span<const std::uint32_t> matching) {
    const decision decision = decided(bit);
    Part part{bit, decision.verdict, decision.reported != 0, {}, {}, {}};
    part.reasons =
        reasons(explanation_.accesses, matching, bit, question_.owner, question_.announced);
    if (part.reasons.deciding.empty()) hint(part, matching);
    answer_.parts.push_back(std::move(part));
  }

  void hint(Part& part, std::span<const std::uint32_t> matching) {
    for (const std::uint32_t index : matching) {
      const Access& access = explanation_.accesses[index];
      if (allows(access) && (access.permissions & part.permission) == 0) {
        part.lacking.push_back(&access);
      }
    }
    if (part.permission == ASPIS_MAY_LINK) return;
    const std::string other = other_name(question_.path);
    if ((allowed_on(other).allow & part.permission) != 0) part.other_name = other;
  }

  const Image& image_;
  std::uint16_t id_;
  const Question& question_;
  const CompiledProfile& profile_;
  const aspis_profile& laid_;
  const Explanation& explanation_;
  aspis_permissions permissions_;
  Answer answer_;
};

}  // namespace

Reasons reasons(std::span<const Access> all, std::span<const std::uint32_t> matching,
                std::uint16_t permission, bool owner, bool announced) {
  Reasons reasons;
  std::vector<const Access*> speaking;
  const Ownership excluded = owner ? Ownership::Other : Ownership::Owner;
  for (const std::uint32_t index : matching) {
    const Access& access = all[index];
    if ((access.permissions & permission) == 0) continue;
    if (access.qualifiers.ownership == excluded) {
      reasons.losing.push_back({&access, owner ? Loss::Other : Loss::Owner});
    } else {
      speaking.push_back(&access);
    }
  }
  int highest = 0;
  bool denied = false;
  for (const Access* access : speaking) {
    const int priority = access->qualifiers.priority;
    const bool first = access == speaking.front();
    if (first || priority > highest) denied = false;
    highest = first ? priority : std::max(highest, priority);
    if (priority == highest && !allows(*access)) denied = true;
  }
  for (const Access* access : speaking) {
    if (access->qualifiers.priority < highest) {
      reasons.losing.push_back({access, Loss::Priority});
    } else if (denied && allows(*access)) {
      reasons.losing.push_back({access, Loss::Deny});
    } else {
      reasons.deciding.push_back(access);
    }
  }
  if (permission == ASPIS_MAY_EXEC && !denied) choose_exec(reasons);
  if (!announced) {
    std::erase_if(reasons.deciding, [&](const Access* rule) {
      if (!rule->qualifiers.audited) return false;
      reasons.losing.push_back({rule, Loss::Unannounced});
      return true;
    });
  }
  if (permission == ASPIS_MAY_MAP && !denied && reasons.deciding.empty()) {
    // What is executed without a change of profile may be mapped: ix means m.
    const Reasons exec = policy::reasons(all, matching, ASPIS_MAY_EXEC, owner, announced);
    if (exec.allowed && exec.deciding.front()->inherits) reasons.deciding = exec.deciding;
  }
  reasons.allowed = !denied && !reasons.deciding.empty();
  return reasons;
}

Answer explain(const Explained& explained, std::uint16_t id, const Question& question) {
  Answer answer = Explainer(explained.image, id, rules_of(explained, id), question).answer();
  ask_packages(explained, id, question.packages, ASPIS_CLASS_FILE, answer, [&](const Rules& rules) {
    return Explainer(explained.image, id, rules, question).answer();
  });
  return answer;
}

std::string spelled_text(std::string_view text) {
  std::string out;
  for (const char byte : text) {
    if (byte == 0 || byte == ASPIS_SPELLED) {
      out += ASPIS_SPELLED;
      out += static_cast<char>(byte + 1);
    } else {
      out += byte;
    }
  }
  return out;
}

Answer explain(const Explained& explained, std::uint16_t id, const EventQuestion& question,
               const std::vector<std::string>& packages) {
  std::string subject = spelled_text(question.name) + '\0';
  for (const std::string& argument : question.arguments) {
    subject.append(spelled_text(argument)) += '\0';
  }
  const auto ask = [&](const Rules& rules) {
    Answer answer;
    const bool mediated = (rules.laid.mediated >> ASPIS_CLASS_PYTHON & 1) != 0;
    if (!mediated || rules.laid.mode == ASPIS_MODE_UNCONFINED) return answer;
    const aspis_permissions permissions =
        class_permissions(explained.image, rules.laid, ASPIS_CLASS_PYTHON, subject);
    const decision decided =
        decide(permissions, ASPIS_PYTHON_RAISE, rules.laid.mode, rules.laid.flags);
    Part part{ASPIS_PYTHON_RAISE, decided.verdict, decided.reported != 0, {}, {}, {}};
    const Explanation& explanation = rules.explanation.rules;
    part.reasons = reasons(
        explanation.accesses,
        explanation.matching(std::string(1, static_cast<char>(ASPIS_CLASS_PYTHON)) + subject),
        ASPIS_PYTHON_RAISE, false);
    answer.verdict = part.verdict;
    answer.reported = part.reported;
    answer.parts.push_back(std::move(part));
    if (decided.verdict == ASPIS_VERDICT_ALLOWED &&
        (permissions.allow & ASPIS_PYTHON_CHANGE) != 0) {
      answer.exec = rules.compiled.execs[permissions.exec - 1U];
    }
    return answer;
  };
  Answer answer = ask(rules_of(explained, id));
  ask_packages(explained, id, packages, ASPIS_CLASS_PYTHON, answer, ask);
  if (answer.verdict == ASPIS_VERDICT_DENIED) answer.exec.reset();
  return answer;
}

}  // namespace aspis::policy
