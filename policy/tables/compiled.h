// SPDX-License-Identifier: Apache-2.0
// A compiled policy: what the kernel needs, not yet at an address.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bpf/abi/policy.h"
#include "policy/automaton/table.h"
#include "policy/language/source.h"
#include "policy/tables/access.h"

namespace aspis::policy {

/// Where an exec leads. Targets are full names of profiles; which of them are loaded is known
/// later.
struct CompiledExec {
  aspis_exec_mode mode = ASPIS_EXEC_INHERIT;
  std::uint8_t flags = 0;  ///< ASPIS_EXEC_*
  std::vector<std::string> targets;

  bool operator==(const CompiledExec&) const = default;
};

/// An automaton, and what its outcomes mean; outcome 0 is that of what no rule names.
struct Decider {
  automaton::Table table;
  std::vector<aspis_outcome> outcomes{aspis_outcome{}};
  std::vector<aspis_announced> announced{aspis_announced{}};  ///< the same of audited rules
};

/// Hard limits by RLIMIT_*.
using Limits = std::array<std::optional<std::uint64_t>, ASPIS_RLIMITS>;

/// One alternative of python=(…), variables replaced.
struct CompiledLaunch {
  aspis_launch kind = ASPIS_LAUNCH_UNKNOWN;
  std::string glob;  ///< of scripts and modules
};

/// One condition of container=(…), variables replaced: any of the globs.
struct ContainerGlobs {
  std::string key;
  std::vector<std::string> globs;

  auto operator<=>(const ContainerGlobs&) const = default;
};

struct CompiledProfile {
  Position at;
  std::string name;    ///< with its namespace and parents
  std::string parent;  ///< of children and hats; else empty
  aspis_mode mode = ASPIS_MODE_ENFORCE;
  std::uint16_t flags = 0;  ///< ASPIS_PROFILE_*
  std::uint8_t kill_signal = 9;
  std::uint16_t error = 0;               ///< errno; 0: the class's own
  std::uint16_t mediated = 0;            ///< bit of each aspis_class
  std::vector<std::string> attachments;  ///< expanded globs
  automaton::Table matcher;              ///< of the attachments alone; outcome 1: it matches

  std::vector<CompiledLaunch> launches;  ///< of python=(…)
  automaton::Table launch;               ///< of those alone; outcome 1: it matches

  std::vector<ContainerGlobs> container;  ///< container=(…), by key; empty: was not written

  std::vector<std::string> contexts;  ///< keys that file rules refer to, by number
  Decider file;
  std::vector<CompiledExec> execs;  ///< exec n of an outcome is execs[n - 1]
  std::uint16_t on_listen = 0;      ///< the same for who listens; 0: stays
  Decider rules;
  std::array<std::uint16_t, 16> rule_start{};  ///< by class
  std::uint64_t capability_allow = 0, capability_deny = 0, capability_audit = 0;
  std::uint64_t capability_quiet = 0;  ///< denied by a rule that is not audited: taken out of audit
  Limits rlimits;
  /// Named as in PEP 503; what they have of a profile, bpf/abi/policy.h says.
  std::vector<CompiledProfile> packages;
  /// Of a package: what its files are called below site-packages; normalised. Its own name, and
  /// those that it is imported by, as far as they are known.
  std::vector<std::string> imports;
};

struct CompiledPolicy {
  std::vector<CompiledProfile> profiles;  ///< parents before their children
};

}  // namespace aspis::policy
