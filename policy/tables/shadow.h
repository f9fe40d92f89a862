// SPDX-License-Identifier: Apache-2.0
// Rules that decide nothing, as others of the same profile always outdo them: told to people, for
// such a rule is seldom what its author meant.
#pragma once

#include <cstdint>
#include <vector>

#include "policy/language/diagnostic.h"
#include "policy/language/source.h"
#include "policy/language/syntax.h"

namespace aspis::policy {

/// Why a rule does not decide, the most surprising reason last.
enum class Outdone : std::uint8_t { Repeated, ExecMode, Overwritten, Priority, Denied };

/// The rules of a profile that are looked at: those of its own file, and of what a site adds to it
/// in a directory called "local". Abstractions overlap by design.
std::vector<const Rule*> rules_to_judge(const Profile& profile, const Sources& sources);

/// One reason for which a rule does not decide, and the rule that outdoes it.
struct Outdoer {
  Outdone reason = Outdone::Repeated;
  Position at;
};

/// A rule that decides nothing (or, by Outdone::ExecMode alone, whose exec mode does not), and
/// those that outdo it.
struct Needless {
  Position at;
  std::vector<Outdoer> by;
};

/// Finds capability and rlimit rules of `judged` that decide nothing.
void judge_flat_rules(const Profile& profile, const std::vector<const Rule*>& judged,
                      std::vector<Needless>& found);

/// Warns of them. Rules that one broad rule repeats all at once are told of together, at that one.
void tell_needless(std::vector<Needless> found, Diagnostics& diagnostics);

}  // namespace aspis::policy
