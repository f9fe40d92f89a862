// SPDX-License-Identifier: Apache-2.0
// What network and unix rules have in common: permissions, types, and which of the conditions the
// hook of a permission can know.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "bpf/abi/subject.h"
#include "policy/tables/subject_pattern.h"

namespace aspis::policy {

/// Permissions on a socket alone, which no peer can be a condition of; accept is neither these nor
/// those of a peer.
inline constexpr std::uint16_t kLocalSocket =
    ASPIS_SOCKET_BIND | ASPIS_SOCKET_LISTEN | ASPIS_SOCKET_SHUTDOWN | ASPIS_SOCKET_GETATTR |
    ASPIS_SOCKET_SETATTR | ASPIS_SOCKET_GETOPT | ASPIS_SOCKET_SETOPT;
/// Permissions on a socket and its peer.
inline constexpr std::uint16_t kPeerSocket =
    ASPIS_SOCKET_CONNECT | ASPIS_SOCKET_SEND | ASPIS_SOCKET_RECEIVE;

/// Bits of the permissions as written; `all` if none are.
std::uint16_t socket_permissions(const std::vector<Word>& words, std::uint16_t all);

/// Number of a type of socket (SOCK_*), or of the type that goes with a protocol.
unsigned socket_type_number(std::string_view type);

/// What a rule on sockets comes to: expressions up to each end, and the ends.
struct SocketConditions {
  ExpressionId head = 0;              ///< class to type, or to protocol
  ExpressionId local = 0;             ///< own address
  ExpressionId bind_local = 0;        ///< the same when it is about to be given
  bool local_any = true;              ///< the rule has no condition on it
  std::optional<ExpressionId> peer;   ///< up to the end of the subject; none: no condition on it
  std::optional<ExpressionId> alone;  ///< unix: the peer of a socket that has none
};

/// Adds the accesses of a rule: each permission with those conditions that its hook can know.
void add_socket_rule(const Rule& rule, const SocketConditions& conditions,
                     std::uint16_t permissions, const ClassContext& context);

/// Adds what `network unix` and rules of all domains mean for unix sockets: a type, or (0) all.
void add_coarse_unix(const Rule& rule, unsigned type, std::uint16_t permissions,
                     const ClassContext& context);

}  // namespace aspis::policy
