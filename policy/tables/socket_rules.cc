// SPDX-License-Identifier: Apache-2.0
#include "policy/tables/socket_rules.h"

#include <sys/socket.h>

#include <string_view>

namespace aspis::policy {
namespace {

using automaton::ByteSet;
using automaton::ExpressionId;

struct NamedBits {
  std::string_view name;
  std::uint16_t bits;
};
constexpr std::uint16_t kSend = ASPIS_SOCKET_SEND, kReceive = ASPIS_SOCKET_RECEIVE;
constexpr NamedBits kPermissions[] = {
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
    {"stream", SOCK_STREAM}, {"dgram", SOCK_DGRAM},   {"seqpacket", SOCK_SEQPACKET},
    {"rdm", SOCK_RDM},       {"raw", SOCK_RAW},       {"packet", SOCK_PACKET},
    {"dccp", SOCK_DCCP},     {"tcp", SOCK_STREAM},    {"udp", SOCK_DGRAM},
    {"icmp", SOCK_RAW},
};

}  // namespace

std::uint16_t socket_permissions(const std::vector<Word>& words) {
  std::uint16_t bits = 0;
  for (const Word& word : words) {
    for (const NamedBits& entry : kPermissions) {
      if (entry.name == word.text) bits |= entry.bits;
    }
  }
  return bits;
}

unsigned socket_type_number(std::string_view type) {
  for (const NamedType& entry : kTypes) {
    if (entry.name == type) return entry.number;
  }
  return 0;
}

ExpressionId SubjectParts::bytes(std::initializer_list<unsigned> values) {
  std::vector<ExpressionId> parts;
  for (const unsigned value : values) {
    parts.push_back(expressions_.byte(static_cast<std::uint8_t>(value)));
  }
  return expressions_.concat(parts);
}

ExpressionId SubjectParts::range(unsigned first, unsigned last) {
  ByteSet set;
  for (unsigned byte = first; byte <= last; byte++) set.set(byte);
  return expressions_.set(set);
}

ExpressionId SubjectParts::number(unsigned first, unsigned last) {
  const unsigned low = first >> 8;
  const unsigned high = last >> 8;
  if (low == high) return join({bytes({low}), range(first & 0xff, last & 0xff)});
  std::vector<ExpressionId> parts = {
      join({bytes({low}), range(first & 0xff, 0xff)}),
      join({bytes({high}), range(0, last & 0xff)}),
  };
  if (low + 1 < high) parts.push_back(join({range(low + 1, high - 1), any_bytes(1)}));
  return expressions_.alternate(parts);
}

ExpressionId SubjectParts::any_bytes(unsigned count) {
  const std::vector<ExpressionId> parts(count, range(0, 0xff));
  return expressions_.concat(parts);
}

ExpressionId SubjectParts::rest() {
  return expressions_.star(range(0, 0xff));
}

ExpressionId SubjectParts::join(std::initializer_list<ExpressionId> parts) {
  return expressions_.concat({parts.begin(), parts.size()});
}

ExpressionId SubjectParts::either(std::initializer_list<ExpressionId> parts) {
  return expressions_.alternate({parts.begin(), parts.size()});
}

/*
 * create comes before any address, and accept before there is a peer: to allow them, such conditions
 * are left out (a rule on addresses that did not let its socket be made would be of no use, and
 * AppArmor's parser does the same); the peer of an accepted connection is a condition of send and
 * receive. To deny them, the conditions stay, and are never met.
 */
void add_socket_rule(const Rule& rule, const SocketConditions& conditions,
                     std::uint16_t permissions, AccessRules& rules) {
  SubjectParts parts(rules.expressions());
  const bool allow = rule.qualifiers.decision == Decision::Allow;
  const ExpressionId rest = parts.rest();
  const auto add = [&](std::initializer_list<ExpressionId> subject, unsigned bits) {
    const auto some = static_cast<std::uint16_t>(permissions & bits);
    if (some != 0) rules.add(parts.join(subject), {rule.at, rule.qualifiers, some});
  };
  const ExpressionId peer = conditions.peer.value_or(rest);
  const bool unconditional = conditions.local_any && !conditions.peer;
  if (unconditional) return add({conditions.head, rest}, ASPIS_SOCKET_ALL);
  if (allow) add({conditions.head, rest}, ASPIS_SOCKET_CREATE);
  if (allow || !conditions.peer) {
    add({conditions.head, conditions.local, rest},
        (kLocalSocket & ~ASPIS_SOCKET_BIND) | ASPIS_SOCKET_ACCEPT);
    add({conditions.head, conditions.bind_local, rest}, ASPIS_SOCKET_BIND);
  }
  add({conditions.head, conditions.local, peer}, kPeerSocket);
}

}  // namespace aspis::policy
