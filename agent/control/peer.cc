// SPDX-License-Identifier: Apache-2.0
#include "agent/control/peer.h"

#include <grp.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <memory>

namespace aspis {

bool Peer::in_group(gid_t group) const {
  return gid == group || std::ranges::find(groups, group) != groups.end();
}

Result<Peer> peer_of(int socket) {
  ucred credentials{};
  socklen_t length = sizeof(credentials);
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0)
    return fail_errno("SO_PEERCRED");
  Peer peer{credentials.pid, credentials.uid, credentials.gid, {}};
  gid_t none = 0;
  length = 0;
  // The first call fails with ERANGE and says how much room is needed; without groups it succeeds.
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, &none, &length) == 0) return peer;
  peer.groups.resize(length / sizeof(gid_t));
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, peer.groups.data(), &length) != 0)
    return fail_errno("SO_PEERGROUPS");
  return peer;
}

Result<gid_t> find_group(const std::string& name) {
  gid_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error == std::errc() && end == name.data() + name.size()) return number;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen("/etc/group", "re"),
                                                             &std::fclose);
  if (!file) return fail_errno("/etc/group");
  while (const group* row = ::fgetgrent(file.get()))
    if (name == row->gr_name) return row->gr_gid;
  return fail("there is no group '" + name + "' in /etc/group");
}

}  // namespace aspis
