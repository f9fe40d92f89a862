// SPDX-License-Identifier: Apache-2.0
// Who is at the other end of a unix socket, and the groups of this machine.
#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

#include "base/result.h"

namespace aspis {

/// A process as it was when it connected (unix(7): SO_PEERCRED, SO_PEERGROUPS).
struct Peer {
  pid_t pid = 0;
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;  ///< supplementary ones

  [[nodiscard]] bool in_group(gid_t group) const;
};

Result<Peer> peer_of(int socket);

/// Id of a group by its name in /etc/group, or by its number. Other sources of groups (NSS) are not
/// asked: a program without shared libraries cannot.
Result<gid_t> find_group(const std::string& name);

}  // namespace aspis
