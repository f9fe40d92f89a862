// SPDX-License-Identifier: Apache-2.0
// What network and unix rules have in common: permissions, and pieces of their subjects
// (bpf/abi/subject.h).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <vector>

#include "bpf/abi/subject.h"
#include "policy/tables/class_rules.h"

namespace aspis::policy {

/// Permissions on a socket alone, which no peer can be a condition of; accept is neither these nor
/// those of a peer.
inline constexpr std::uint16_t kLocalSocket =
    ASPIS_SOCKET_BIND | ASPIS_SOCKET_LISTEN | ASPIS_SOCKET_SHUTDOWN | ASPIS_SOCKET_GETATTR |
    ASPIS_SOCKET_SETATTR | ASPIS_SOCKET_GETOPT | ASPIS_SOCKET_SETOPT;
/// Permissions on a socket and its peer.
inline constexpr std::uint16_t kPeerSocket =
    ASPIS_SOCKET_CONNECT | ASPIS_SOCKET_SEND | ASPIS_SOCKET_RECEIVE;

/// Bits of the permissions as written; 0: none are.
std::uint16_t socket_permissions(const std::vector<Word>& words);

/// Number of a type of socket (SOCK_*).
unsigned socket_type_number(std::string_view type);

/// Makes the expressions of subjects.
class SubjectParts {
 public:
  explicit SubjectParts(automaton::Expressions& expressions) : expressions_(expressions) {}

  /// These bytes.
  automaton::ExpressionId bytes(std::initializer_list<unsigned> values);
  /// Two bytes, the more significant one first.
  automaton::ExpressionId number(unsigned first, unsigned last);
  automaton::ExpressionId any_bytes(unsigned count);
  /// Whatever follows, up to the end.
  automaton::ExpressionId rest();
  automaton::ExpressionId join(std::initializer_list<automaton::ExpressionId> parts);
  automaton::ExpressionId either(std::initializer_list<automaton::ExpressionId> parts);
  automaton::ExpressionId one_of(const automaton::ByteSet& set) { return expressions_.set(set); }
  automaton::ExpressionId range(unsigned first, unsigned last);

 private:
  automaton::Expressions& expressions_;
};

/// What a rule on sockets comes to: expressions up to each end, and the ends. `peer` is nothing when
/// the rule has no condition on it.
struct SocketConditions {
  automaton::ExpressionId head = 0;        ///< class to type, or to protocol
  automaton::ExpressionId local = 0;       ///< own address
  automaton::ExpressionId bind_local = 0;  ///< the same when it is about to be given
  bool local_any = true;                   ///< the rule has no condition on it
  std::optional<automaton::ExpressionId> peer;
};

/// Adds the accesses of a rule: each permission with those conditions that its hook can know.
void add_socket_rule(const Rule& rule, const SocketConditions& conditions,
                     std::uint16_t permissions, AccessRules& rules);

/// Adds what `network unix` and rules of all domains mean for unix sockets: a type, or (0) all.
void add_coarse_unix(const Rule& rule, unsigned type, std::uint16_t permissions,
                     const ClassContext& context);

}  // namespace aspis::policy
