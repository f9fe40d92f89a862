// SPDX-License-Identifier: Apache-2.0
// What the agent keeps is what its unit and its pod are given: deploy/systemd/aspis.service,
// deploy/helm.
#include "agent/cli/privileges.h"

#include <cap-ng.h>
#include <sys/prctl.h>

#include <vector>

namespace aspis {
namespace {

constexpr unsigned kKept[] = {
    CAP_BPF,              // programs and maps, also of a policy that is read again
    CAP_PERFMON,          // probes of interpreters that start later
    CAP_SYS_ADMIN,        // loading, with libbpf before 1.4
    CAP_SYS_PTRACE,       // /proc/PID/exe, maps, root and mem of others
    CAP_DAC_READ_SEARCH,  // files of theirs; cgroups by their ids
    CAP_SYS_RESOURCE,     // set rlimit of profiles; locked memory
    CAP_KILL,             // lets go who was held
    CAP_CHOWN,            // the socket's group
    CAP_AUDIT_WRITE,      // the output audit
};

}  // namespace

Result<> drop_privileges() {
  if (::capng_get_caps_process() != 0) return fail("cannot read the agent's own capabilities");
  std::vector<unsigned> kept;
  for (const unsigned capability : kKept)
    if (::capng_have_capability(CAPNG_EFFECTIVE, capability) != 0) kept.push_back(capability);
  const bool bounds = ::capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP) != 0;
  ::capng_clear(CAPNG_SELECT_BOTH);
  for (const unsigned capability : kept)
    ::capng_update(
        CAPNG_ADD,
        static_cast<capng_type_t>(CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET),
        capability);
  if (::capng_apply(bounds ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS) != 0)
    return fail_errno("cannot give up capabilities");
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return fail_errno("cannot set no_new_privs");
  return {};
}

}  // namespace aspis
