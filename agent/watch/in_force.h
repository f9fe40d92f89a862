// SPDX-License-Identifier: Apache-2.0
// From a compiled policy to one in force: what of it is not enforced here is told, and the manifest
// of the code that it requires to be signed is read.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/kernel/observer.h"
#include "base/result.h"
#include "policy/tables/compiled.h"

namespace aspis {

struct InForceOptions {
  bool strict = false;      ///< refuse a policy that is not enforced as it is written
  bool force = false;       ///< remove profiles that tasks run under: those are unconfined then
  std::string hook_config;  ///< file that names manifest and key; empty: /etc/aspis/hook.conf
};

/// The files of the manifest that the configuration names, if its signature is good; else what is
/// wrong, and what to do.
Result<std::vector<SignedFile>> read_signed_files(const std::string& hook_config);

/// Room that the kernel side needs for files that must be signed; 0: the policy requires none.
/// Fails if it will be asked, and there is no good manifest: loading takes its time. `backend`: the
/// one that is wanted.
Result<std::size_t> room_for_signed_files(const policy::CompiledPolicy& policy,
                                          const std::string& hook_config,
                                          std::optional<Backend> backend);

/// Puts a policy in force. On an error the old one stays: a policy that is refused as it is not
/// enforced as written, that lacks profiles which tasks run under, or code that must be signed
/// without a good manifest.
Result<> put_in_force(Observer& observer, const policy::CompiledPolicy& policy,
                      const InForceOptions& options);

}  // namespace aspis
