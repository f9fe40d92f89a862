// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/detach.h"

#include <poll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <climits>

#include "agent/kernel/pidfd.h"

namespace aspis {
namespace {

/// Closes all descriptors but these: the streams and files of the caller are not to be kept open.
void close_others(std::vector<int>& kept) {
  std::ranges::sort(kept);
  unsigned from = 0;
  for (const int fd : kept) {
    const auto end = static_cast<unsigned>(fd);
    if (end > from) ::close_range(from, end - 1, 0);
    from = end + 1;
  }
  ::close_range(from, UINT_MAX, 0);
}

}  // namespace

void detach_behind(std::vector<int> links) {
  const auto caller = open_pidfd(::getpid());
  if (links.empty() || !caller) return;
  links.push_back(caller->get());
  const pid_t child = ::fork();
  if (child != 0) return;
  ::setsid();
  ::prctl(PR_SET_NAME, "aspis-detach");
  if (::chdir("/") != 0) ::_exit(1);
  close_others(links);
  pollfd ended{caller->get(), POLLIN, 0};
  ::poll(&ended, 1, -1);
  ::_exit(0);
}

}  // namespace aspis
