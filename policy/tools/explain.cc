// SPDX-License-Identifier: Apache-2.0
#include "policy/tools/explain.h"

#include <algorithm>

#include "bpf/abi/event.h"
#include "bpf/lib/match.h"

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

class Explainer {
 public:
  Explainer(const Explained& explained, std::uint16_t id, const Question& question)
      : image_(explained.image),
        id_(id),
        question_(question),
        profile_(explained.policy.profiles[id - 1U]),
        explanation_(explained.explanations[id - 1U]),
        permissions_(allowed_on(subject(question))) {}

  Answer answer() {
    if ((question_.request & permissions_.allow & ASPIS_MAY_EXEC) != 0) follow();
    if ((question_.request & permissions_.allow & ASPIS_MAY_LINK) != 0) test_subset();
    const auto matching = explanation_.matching(subject(question_));
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
    return file_permissions(image_, id_, name, question_.owner);
  }

  /// An unconfined profile is not asked (bpf/match.bpf.c).
  [[nodiscard]] decision decided(std::uint16_t request) const {
    if (profile_.mode == ASPIS_MODE_UNCONFINED) return {0, ASPIS_VERDICT_ALLOWED, 0};
    return decide(permissions_, request, static_cast<__u8>(profile_.mode), profile_.flags);
  }

  void follow() {
    // A task keeps a profile that is unconfined, whatever it executes.
    if (permissions_.exec == 0 || profile_.mode == ASPIS_MODE_UNCONFINED) return;
    answer_.exec = profile_.execs[permissions_.exec - 1U];
    answer_.destination = destination(image_, id_, permissions_.exec, question_.path);
    if (answer_.destination->info != ASPIS_INFO_NONE) permissions_.allow &= ~ASPIS_MAY_EXEC;
  }

  /// security/apparmor/file.c: profile_path_link
  void test_subset() {
    if ((permissions_.allow & ASPIS_LINK_SUBSET) == 0) return;
    const unsigned tested = ASPIS_MAY_ALL_FILE & ~ASPIS_MAY_LINK;
    const unsigned link = allowed_on(question_.path).allow & tested;
    answer_.beyond_target = static_cast<std::uint16_t>(link & ~allowed_on(question_.target).allow);
    if (*answer_.beyond_target != 0) permissions_.allow &= ~ASPIS_MAY_LINK;
  }

  void part(std::uint16_t bit, std::span<const std::uint32_t> matching) {
    const decision decision = decided(bit);
    Part part{bit, decision.verdict, decision.reported != 0, {}, {}, {}};
    part.reasons = reasons(explanation_.accesses, matching, bit, question_.owner);
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
  const Explanation& explanation_;
  aspis_permissions permissions_;
  Answer answer_;
};

}  // namespace

Reasons reasons(std::span<const Access> all, std::span<const std::uint32_t> matching,
                std::uint16_t permission, bool owner) {
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
  if (permission == ASPIS_MAY_MAP && !denied && reasons.deciding.empty()) {
    // What is executed without a change of profile may be mapped: ix means m.
    const Reasons exec = policy::reasons(all, matching, ASPIS_MAY_EXEC, owner);
    if (exec.allowed && exec.deciding.front()->inherits) reasons.deciding = exec.deciding;
  }
  reasons.allowed = !denied && !reasons.deciding.empty();
  return reasons;
}

Answer explain(const Explained& explained, std::uint16_t id, const Question& question) {
  return Explainer(explained, id, question).answer();
}

}  // namespace aspis::policy
