// SPDX-License-Identifier: Apache-2.0
#include "policy/tables/access.h"

#include <algorithm>

namespace aspis::policy {
namespace {

/// The rules of the highest priority that speak of one permission, for one kind of owner.
struct Voices {
  int priority = 0;
  std::vector<const Access*> allow, deny;

  void add(const Access& access) {
    const int of_access = access.qualifiers.priority;
    const bool none = allow.empty() && deny.empty();
    if (!none && of_access < priority) return;
    if (none || of_access > priority) {
      allow.clear();
      deny.clear();
      priority = of_access;
    }
    (access.qualifiers.decision == Decision::Allow ? allow : deny).push_back(&access);
  }
};

bool audits(const Access* access) {
  return access->qualifiers.audit;
}

bool plain(const Access* access) {
  return !access->qualifiers.audited;
}

class Half {
 public:
  Half(std::span<const Access> all, std::span<const std::uint32_t> matching, Ownership excluded)
      : all_(all), matching_(matching), excluded_(excluded) {}

  aspis_permissions resolve(std::optional<ExecConflict>& conflict) {
    for (std::uint32_t bit = 1; bit <= kLastBit; bit <<= 1) {
      settle(bit, conflict);
    }
    return permissions_;
  }

  /// What is granted only where the access is announced.
  [[nodiscard]] std::uint16_t announced() const { return announced_; }

 private:
  [[nodiscard]] Voices voices_on(std::uint32_t bit) const {
    Voices voices;
    for (const std::uint32_t index : matching_) {
      const Access& access = all_[index];
      if ((access.permissions & bit) != 0 && access.qualifiers.ownership != excluded_) {
        voices.add(access);
      }
    }
    return voices;
  }

  void settle(std::uint32_t bit, std::optional<ExecConflict>& conflict) {
    Voices voices = voices_on(bit);
    const auto mask = static_cast<std::uint16_t>(bit);
    if (!voices.deny.empty()) {
      permissions_.deny |= mask;
      // One rule without "audit" keeps the denial quiet, whatever others want.
      if (std::ranges::all_of(voices.deny, audits)) permissions_.audit |= mask;
      return;
    }
    if (bit == ASPIS_MAY_MAP && inherits_ &&
        (voices.allow.empty() || voices.priority <= inherits_priority_)) {
      (inherits_plainly_ ? permissions_.allow : announced_) |= mask;
    }
    if (voices.allow.empty()) return;
    if (bit == ASPIS_MAY_EXEC) choose_exec(voices, conflict);
    const bool plainly = std::ranges::any_of(voices.allow, plain);
    (plainly ? permissions_.allow : announced_) |= mask;
    if (std::ranges::any_of(voices.allow, audits)) permissions_.audit |= mask;
  }

  /// Only the most specific rules have a say, on being audited, too.
  void choose_exec(Voices& voices, std::optional<ExecConflict>& conflict) {
    auto most = automaton::Specificity::kGlob;
    for (const Access* access : voices.allow) most = std::max(most, access->specificity);
    std::erase_if(voices.allow, [&](const Access* access) { return access->specificity < most; });
    const Access* chosen = voices.allow.front();
    for (const Access* access : voices.allow) {
      if (access->exec != chosen->exec && !conflict) conflict = {chosen, access};
    }
    permissions_.exec = chosen->exec;
    inherits_ = chosen->inherits;
    inherits_plainly_ = std::ranges::any_of(voices.allow, plain);
    inherits_priority_ = voices.priority;
  }

  // x is settled before m: the bits go upwards.
  static constexpr std::uint32_t kLastBit = 0x8000;
  static_assert(ASPIS_MAY_EXEC < ASPIS_MAY_MAP);

  std::span<const Access> all_;
  std::span<const std::uint32_t> matching_;
  Ownership excluded_;
  aspis_permissions permissions_{};
  std::uint16_t announced_ = 0;
  bool inherits_ = false;
  bool inherits_plainly_ = false;
  int inherits_priority_ = 0;
};

}  // namespace

Resolved resolve(std::span<const Access> all, std::span<const std::uint32_t> matching) {
  Resolved resolved;
  Half owner(all, matching, Ownership::Other), other(all, matching, Ownership::Owner);
  std::optional<ExecConflict> conflict;
  resolved.outcome.owner = owner.resolve(resolved.conflict);
  resolved.outcome.other = other.resolve(conflict);
  // m may be both: of a rule's own, and implied by an audited one.
  const auto beyond = [](const Half& half, const aspis_permissions& granted) {
    return static_cast<std::uint16_t>(half.announced() & ~granted.allow);
  };
  resolved.announced = {beyond(owner, resolved.outcome.owner),
                        beyond(other, resolved.outcome.other)};
  if (!resolved.conflict) resolved.conflict = conflict;
  return resolved;
}

}  // namespace aspis::policy
