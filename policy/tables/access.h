// SPDX-License-Identifier: Apache-2.0
// Rules lowered to what automata need, and what several of them mean together.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "bpf/abi/policy.h"
#include "policy/automaton/aare.h"
#include "policy/language/syntax.h"

namespace aspis::policy {

/// What one rule grants or denies on all strings that its patterns match.
struct Access {
  Position at;
  Qualifiers qualifiers;
  std::uint16_t permissions = 0;  ///< ASPIS_MAY_* of its class
  std::uint16_t exec = 0;         ///< of a rule that allows x: index into the profile's execs
  bool inherits = false;          ///< exec is, or falls back to, ix: it implies m
  /// Decides between exec modes.
  automaton::Specificity specificity = automaton::Specificity::kGlob;
};

/// Two rules of one priority that give one path different exec modes.
struct ExecConflict {
  const Access* first = nullptr;
  const Access* second = nullptr;
};

struct Resolved {
  aspis_outcome outcome{};
  aspis_announced announced{};  ///< of audited rules, what the outcome does not allow
  std::optional<ExecConflict> conflict;
};

/// What these rules mean together, for each permission by itself: the highest priority decides; in
/// it deny is stronger than allow, and of exec modes those of names than those of globs
/// (AppArmor: parser/libapparmor_re/hfa.cc). `matching` are indices into `all`.
Resolved resolve(std::span<const Access> all, std::span<const std::uint32_t> matching);

}  // namespace aspis::policy
