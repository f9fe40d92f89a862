// SPDX-License-Identifier: Apache-2.0
#include "policy/tables/socket_rules.h"

#include <sys/socket.h>

#include <string_view>

namespace aspis::policy {
namespace {

constexpr std::uint16_t kSend = ASPIS_SOCKET_SEND, kReceive = ASPIS_SOCKET_RECEIVE;
constexpr PermissionWord kPermissions[] = {
    {"create", ASPIS_SOCKET_CREATE},
    {"bind", ASPIS_SOCKET_BIND},
    {"listen", ASPIS_SOCKET_LISTEN},
    {"accept", ASPIS_SOCKET_ACCEPT},
    {"connect", ASPIS_SOCKET_CONNECT},
    {"shutdown", ASPIS_SOCKET_SHUTDOWN},
    {"getattr", ASPIS_SOCKET_GETATTR},
    {"setattr", ASPIS_SOCKET_SETATTR},
    {"getopt", ASPIS_SOCKET_GETOPT},
    {"setopt", ASPIS_SOCKET_SETOPT},
    {"send", kSend},
    {"receive", kReceive},
    {"write", kSend},
    {"read", kReceive},
    {"w", kSend},
    {"r", kReceive},
    {"rw", kSend | kReceive},
    {"wr", kSend | kReceive},
};

struct NamedType {
  std::string_view name;
  unsigned number;
};
constexpr NamedType kTypes[] = {
    {"stream", SOCK_STREAM}, {"dgram", SOCK_DGRAM}, {"seqpacket", SOCK_SEQPACKET},
    {"rdm", SOCK_RDM},       {"raw", SOCK_RAW},     {"packet", SOCK_PACKET},
    {"dccp", SOCK_DCCP},     {"tcp", SOCK_STREAM},  {"udp", SOCK_DGRAM},
    {"icmp", SOCK_RAW},
};

}  // namespace

std::uint16_t socket_permissions(const std::vector<Word>& words, std::uint16_t all) {
  return permissions_of(words, kPermissions, all);
}

unsigned socket_type_number(std::string_view type) {
  for (const NamedType& entry : kTypes) {
    if (entry.name == type) return entry.number;
  }
  return 0;
}

// create comes before any address, and accept before there is a peer: to allow them, such
// conditions are left out (a rule on addresses that did not let its socket be made would be of no
// use, and AppArmor's parser does the same); the peer of an accepted connection is a condition of
// send and receive. So is it with a datagram from whoever sends one. To deny them, the conditions
// stay, and are never met.
void add_socket_rule(const Rule& rule, const SocketConditions& conditions,
                     std::uint16_t permissions, const ClassContext& context) {
  SubjectPattern pattern(context);
  const bool allow = rule.qualifiers.decision == Decision::Allow;
  const ExpressionId rest = pattern.rest();
  const auto add = [&](std::initializer_list<ExpressionId> subject, unsigned bits) {
    const auto some = static_cast<std::uint16_t>(permissions & bits);
    if (some != 0) context.rules.add(pattern.concat(subject), {rule.at, rule.qualifiers, some});
  };
  if (conditions.local_any && !conditions.peer)
    return add({conditions.head, rest}, ASPIS_SOCKET_ALL);
  if (allow) add({conditions.head, rest}, ASPIS_SOCKET_CREATE);
  if (allow || !conditions.peer) {
    add({conditions.head, conditions.local, rest},
        (kLocalSocket & ~ASPIS_SOCKET_BIND) | ASPIS_SOCKET_ACCEPT);
    add({conditions.head, conditions.bind_local, rest}, ASPIS_SOCKET_BIND);
  }
  if (allow && conditions.peer && conditions.alone)
    add({conditions.head, conditions.local, *conditions.alone}, ASPIS_SOCKET_RECEIVE);
  add({conditions.head, conditions.local, conditions.peer.value_or(rest)}, kPeerSocket);
}

}  // namespace aspis::policy
