// SPDX-License-Identifier: Apache-2.0
#include "agent/watch/enforced.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <string>
#include <vector>

namespace aspis {
namespace {

using policy::CompiledProfile;

std::string not_here(const CompiledProfile& profile, const Unenforced& entry, Backend backend) {
  return "profile " + profile.name + ": " + std::string(entry.rules) +
         " rules are not enforced here (hook " + std::string(entry.missing->hook()) + ", backend " +
         std::string(backend_name(backend)) + ": " + entry.missing->reason + ")";
}

/// Only programs of the backend lsm may set a new image's AT_SECURE (bpf/exec.bpf.c).
bool scrubs_in_vain(const CompiledProfile& profile, Backend backend) {
  return backend != Backend::kLsm &&
         std::ranges::any_of(profile.execs, [](const policy::CompiledExec& exec) {
           return (exec.flags & ASPIS_EXEC_SCRUB) != 0;
         });
}

std::vector<std::string> unenforced_here(const Observer& observer,
                                         const policy::CompiledPolicy& policy) {
  std::vector<std::string> found;
  const Backend backend = observer.backend();
  for (const CompiledProfile& profile : policy.profiles) {
    if (profile.mode == ASPIS_MODE_UNCONFINED) continue;
    for (const Unenforced& entry : unenforced_classes(observer.missing())) {
      if ((profile.mediated >> entry.kind & 1) != 0)
        found.push_back(not_here(profile, entry, backend));
    }
    if (scrubs_in_vain(profile, backend))
      found.push_back("profile " + profile.name +
                      ": the environment is not scrubbed here: Px, Cx and Ux act as px, cx and ux "
                      "(backend " +
                      std::string(backend_name(backend)) + ")");
  }
  return found;
}

}  // namespace

Result<> check_enforced(const Observer& observer, const policy::CompiledPolicy& policy,
                        bool strict) {
  const std::vector<std::string> found = unenforced_here(observer, policy);
  if (found.empty()) return {};
  std::string lines;
  for (const std::string& line : found) {
    if (!strict) spdlog::warn("{}", line);
    lines += "\n  " + line;
  }
  if (!strict) return {};
  return fail("the policy cannot be enforced as it is written, and is refused (--strict)" + lines);
}

}  // namespace aspis
