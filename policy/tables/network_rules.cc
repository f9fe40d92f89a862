// SPDX-License-Identifier: Apache-2.0
// Network rules: families, types and protocols, and addresses of inet and inet6.
#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "policy/language/names.h"
#include "policy/tables/socket_rules.h"

namespace aspis::policy {
namespace {

using automaton::ByteSet;

constexpr unsigned kLastPort = 65535;
constexpr unsigned kImplied = ASPIS_END_IMPLIED;
constexpr unsigned kMappedBits = 96;  // of ::ffff:0:0/96, IPv4 inside of IPv6

/// The sockets that a rule speaks of.
struct Selection {
  ByteSet families, types;
  std::optional<unsigned> protocol;
};

bool has_conditions(const Endpoint& end) {
  return end.ip || end.port;
}

/// tcp is any stream, and udp any datagram of the internet families, as AppArmor has it; icmp is
/// the raw protocol of its family, and without a family that of inet.
Selection select(const NetworkRule& body) {
  Selection selection;
  const bool internet = has_conditions(body.local) || has_conditions(body.peer) ||
                        (body.type && contains(network_protocols(), body.type->text));
  const bool icmp = body.type && body.type->text == "icmp";
  if (body.domain) {
    selection.families.set(domain_number(body.domain->text));
  } else if (internet) {
    selection.families.set(AF_INET);
    selection.families.set(AF_INET6, !icmp);
  } else {
    selection.families.set();
  }
  if (body.type) {
    selection.types.set(socket_type_number(body.type->text));
  } else {
    selection.types.set();
  }
  if (icmp) {
    selection.protocol = IPPROTO_ICMP;
    if (selection.families[AF_INET6]) selection.protocol = IPPROTO_ICMPV6;
  }
  return selection;
}

unsigned number_of(std::string_view text) {
  unsigned value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// Expressions of one end. The texts were checked when they were read.
class End {
 public:
  End(SubjectPattern& parts, const Endpoint& written) : parts_(parts) {
    port_ = parts.any_bytes(2);
    if (written.port) set_port(written.port->text);
    if (!written.ip) {
      address_ = any_address();
    } else if (written.ip->text == "none") {
      // Of one that is not bound, or settled earlier, the address is known, but was not given.
      address_ = parts.either({parts.bytes({ASPIS_END_NONE}),
                               parts.concat({parts.bytes({ASPIS_END_INET | kImplied}),
                                             parts.any_bytes(ASPIS_END_INET_BYTES)}),
                               parts.concat({parts.bytes({ASPIS_END_INET6 | kImplied}),
                                             parts.any_bytes(ASPIS_END_INET6_BYTES)})});
    } else {
      set_address(written.ip->text);
    }
  }

  ExpressionId expression() { return parts_.concat({address_, port_}); }

 private:
  /// A kind, given or implied.
  ExpressionId kind(unsigned kind) {
    return parts_.either({parts_.bytes({kind}), parts_.bytes({kind | kImplied})});
  }

  ExpressionId any_address() {
    return parts_.either(
        {parts_.bytes({ASPIS_END_NONE}),
         parts_.concat({kind(ASPIS_END_INET), parts_.any_bytes(ASPIS_END_INET_BYTES)}),
         parts_.concat({kind(ASPIS_END_INET6), parts_.any_bytes(ASPIS_END_INET6_BYTES)})});
  }

  void set_port(std::string_view text) {
    const std::size_t dash = text.find('-');
    const unsigned first = number_of(text.substr(0, dash));
    const unsigned last = dash == text.npos ? first : number_of(text.substr(dash + 1));
    port_ = parts_.number(first, std::min(last, kLastPort));
  }

  /// ADDRESS or ADDRESS/PREFIX.
  void set_address(std::string_view text) {
    const std::size_t slash = text.find('/');
    const std::string address(text.substr(0, slash));
    std::array<unsigned char, ASPIS_END_INET6_BYTES> bytes{};
    const bool inet = ::inet_pton(AF_INET, address.c_str(), bytes.data()) == 1;
    if (!inet) ::inet_pton(AF_INET6, address.c_str(), bytes.data());
    const unsigned count = inet ? ASPIS_END_INET_BYTES : ASPIS_END_INET6_BYTES;
    unsigned bits = slash == text.npos ? 8 * count : number_of(text.substr(slash + 1));
    const auto* mapped = reinterpret_cast<const in6_addr*>(bytes.data());
    if (!inet && bits >= kMappedBits && IN6_IS_ADDR_V4MAPPED(mapped)) {
      return set_address(inet_text(bytes.data() + kMappedBits / 8) + "/" +
                         std::to_string(bits - kMappedBits));
    }
    address_ = kind(inet ? ASPIS_END_INET : ASPIS_END_INET6);
    for (unsigned i = 0; i < count; i++) {
      const unsigned fixed = std::min(bits, 8U);
      const unsigned first = bytes[i] & (0xff00U >> fixed);
      address_ = parts_.concat({address_, parts_.range(first, first | (0xffU >> fixed))});
      bits -= fixed;
    }
  }

  static std::string inet_text(const unsigned char* bytes) {
    char text[INET_ADDRSTRLEN] = {};
    ::inet_ntop(AF_INET, bytes, text, sizeof(text));
    return text;
  }

  SubjectPattern& parts_;
  ExpressionId address_ = 0;
  ExpressionId port_ = 0;
};

}  // namespace

void lower(const Rule& rule, const NetworkRule& body, const ClassContext& context) {
  SubjectPattern parts(context);
  Selection selection = select(body);
  const bool allow = rule.qualifiers.decision == Decision::Allow;
  const bool peer = has_conditions(body.peer);
  // AppArmor's parser lets an allow rule with a peer imply all permissions, its manual only those
  // of a peer. A deny rule that implied create would deny every socket.
  const std::uint16_t permissions =
      socket_permissions(body.permissions, peer && !allow ? kPeerSocket : ASPIS_SOCKET_ALL);
  if (peer && !body.permissions.empty() && (permissions & ASPIS_SOCKET_ACCEPT) != 0) {
    context.patterns.diagnostics.unenforced(
        rule.at,
        "Who connects is known only after accept: the peer is not a condition of accept, "
        "but of what is sent and received then.");
  }
  if (selection.families[AF_UNIX]) {
    // Where unix sockets have rules of their own, "network unix" is one (apparmor.d(5)).
    add_coarse_unix(rule, body.type ? socket_type_number(body.type->text) : 0, permissions,
                    context);
    selection.families.reset(AF_UNIX);
  }
  if (selection.families.none()) return;
  SocketConditions conditions;
  conditions.head =
      parts.concat({parts.bytes({ASPIS_CLASS_NETWORK}), parts.one_of(selection.families),
                    parts.one_of(selection.types),
                    selection.protocol ? parts.number(*selection.protocol, *selection.protocol)
                                       : parts.any_bytes(2)});
  conditions.local_any = !has_conditions(body.local);
  conditions.local = End(parts, body.local).expression();
  conditions.bind_local = conditions.local;
  if (peer) conditions.peer = End(parts, body.peer).expression();
  add_socket_rule(rule, conditions, permissions, context);
}

}  // namespace aspis::policy
