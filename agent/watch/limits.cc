// SPDX-License-Identifier: Apache-2.0
#include "agent/watch/limits.h"

#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "agent/kernel/pidfd.h"
#include "base/log.h"

namespace aspis {

void LimitSetter::note_exec(const aspis_event& head) {
  if (head.profile == 0) return;
  const auto pidfd = open_pidfd(static_cast<pid_t>(head.pid));
  if (!pidfd) return;  // it has ended
  // The pidfd is of the process that the event is about, or profiles_of() finds nothing.
  for (const std::uint16_t profile : observer_.profiles_of(pidfd->get(), head.start))
    apply(static_cast<pid_t>(head.pid), profile);
}

Result<> LimitSetter::catch_up() {
  for (const Confined& task : TRY(observer_.confined_tasks())) {
    const auto pid = static_cast<pid_t>(task.pid);
    if (task.pid != task.tid) continue;
    if (const auto pidfd = open_pidfd(pid); pidfd)
      for (const std::uint16_t profile : observer_.profiles_of(pidfd->get())) apply(pid, profile);
  }
  return {};
}

void LimitSetter::apply(pid_t pid, std::uint16_t profile) {
  const policy::Limits limits = observer_.policy().limits_of(profile);
  for (std::size_t resource = 0; resource < limits.size(); ++resource)
    if (limits[resource]) set(pid, static_cast<int>(resource), *limits[resource], profile);
}

void LimitSetter::set(pid_t pid, int resource, std::uint64_t limit, std::uint16_t profile) {
  const auto which = static_cast<__rlimit_resource>(resource);
  rlimit now{};
  if (::prlimit(pid, which, nullptr, &now) == 0) {
    const rlim_t hard = std::min<rlim_t>(now.rlim_max, limit);
    const rlimit wanted{std::min(now.rlim_cur, hard), hard};
    if ((wanted.rlim_max == now.rlim_max && wanted.rlim_cur == now.rlim_cur) ||
        ::prlimit(pid, which, &wanted, nullptr) == 0)
      return;
  }
  if (errno == ESRCH) return;  // it has ended
  log::warn("profile {}: cannot set a resource limit of process {}: {}",
            observer_.policy().name_of(profile), pid, std::strerror(errno));
}

}  // namespace aspis
