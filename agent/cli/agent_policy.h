// SPDX-License-Identifier: Apache-2.0
// The policy of aspis agent: where it is read from, what was changed of it since, and putting it in
// force, whole or not at all.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/cli/policy_files.h"
#include "agent/cli/unconfined.h"
#include "agent/watch/session.h"
#include "base/result.h"
#include "policy/tables/compiled.h"

namespace aspis {

struct AgentPolicyOptions {
  std::vector<std::string> paths;  ///< files, and directories of them
  PolicyOptions language;
  std::string hook_config;
  bool complain = false;  ///< all of it
  bool force = false;     ///< profiles that tasks run under may go
  bool empty = false;     ///< there need not be any profile
  std::string modes;      ///< file that keeps modes set by hand; empty: they are not kept
};

/// "enforce", "complain", "kill", "unconfined".
std::string_view mode_name(aspis_mode mode);

class AgentPolicy {
 public:
  explicit AgentPolicy(AgentPolicyOptions options) : options_(std::move(options)) {}

  /// Reads the modes that were set by hand.
  Result<> open();

  /// What is in the files now, with the changes made by hand. Where something is wrong with a file
  /// the error has all that is to be said of it.
  [[nodiscard]] Result<policy::CompiledPolicy> read() const;
  [[nodiscard]] InForceOptions in_force_options() const {
    return {options_.language.strict, options_.force, options_.hook_config};
  }
  /// `policy` is in force from now on: by Session::start, or by replace().
  Result<> note(const Observer& observer, const policy::CompiledPolicy& policy);

  /// Reads all of it again. On an error the policy in force stays, and so do the other members.
  Result<> reload(Session& session);
  /// The same with one more file, or directory of files, until the agent ends. A profile that was
  /// removed is there again if the file has it.
  Result<> load(Session& session, const std::string& path);
  /// The same without a profile, until it is loaded again or the agent ends.
  Result<> remove(Session& session, const std::string& profile);
  /// The same with another mode of a profile, whatever its text says; none: that of its text. Is
  /// kept over starts of the agent.
  Result<> set_mode(Session& session, const std::string& profile, std::optional<aspis_mode> mode);

  /// How often it was put in force anew, or refused, since the start; and whether what is in
  /// the files was refused the last time, so that an older policy is in force.
  struct Replacements {
    std::uint64_t in_force = 0, refused = 0;
    bool outdated = false;
  };
  [[nodiscard]] const Replacements& replacements() const { return replacements_; }

  struct Row {
    std::string name;
    aspis_mode mode = ASPIS_MODE_ENFORCE;
    bool by_hand = false;  ///< the mode is not that of its text
  };
  /// In force.
  [[nodiscard]] const std::vector<Row>& profiles() const { return rows_; }
  /// Older than their profile, as of the last change of the policy; some may have ended.
  [[nodiscard]] const std::vector<UnconfinedProcess>& unconfined() const { return unconfined_; }

 private:
  struct Changes {
    std::vector<std::string> loaded;
    std::set<std::string, std::less<>> removed;
    std::map<std::string, aspis_mode, std::less<>> modes;
  };
  [[nodiscard]] Result<policy::CompiledPolicy> read(const Changes& changes) const;
  Result<> replace(Session& session, Changes changes);
  [[nodiscard]] Result<> keep_modes(const Changes& changes) const;
  [[nodiscard]] bool has(std::string_view profile) const;

  Result<> try_replace(Session& session, Changes changes);

  AgentPolicyOptions options_;
  Changes changes_;
  Replacements replacements_;
  std::vector<Row> rows_;
  std::vector<UnconfinedProcess> unconfined_;
};

}  // namespace aspis
