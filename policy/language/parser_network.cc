// SPDX-License-Identifier: Apache-2.0
// Network and unix socket rules.
#include <arpa/inet.h>

#include <charconv>

#include "policy/language/parser_impl.h"

namespace aspis::policy {
namespace {

constexpr std::string_view kSocketPermissions[] = {
    "create", "bind", "listen",  "accept", "connect", "shutdown", "getattr", "setattr", "getopt",
    "setopt", "send", "receive", "read",   "write",   "r",        "w",       "rw",      "wr",
};

// What a process does to its own socket, without a peer.
constexpr std::string_view kLocalPermissions[] = {
    "create", "bind", "listen", "shutdown", "getattr", "setattr", "getopt", "setopt",
};

bool parse_number(std::string_view text, unsigned max, unsigned& out) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), out);
  return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size() && out <= max;
}

// An IPv4 or IPv6 address, perhaps with a prefix length; or "none".
bool is_ip(std::string_view text) {
  if (text == "none") return true;
  const std::size_t slash = text.find('/');
  const std::string address(text.substr(0, slash));
  unsigned char bytes[16];
  unsigned bits = 0;
  if (inet_pton(AF_INET, address.c_str(), bytes) == 1) {
    bits = 32;
  } else if (inet_pton(AF_INET6, address.c_str(), bytes) == 1) {
    bits = 128;
  } else {
    return false;
  }
  unsigned length = 0;
  return slash == std::string_view::npos || parse_number(text.substr(slash + 1), bits, length);
}

// A port, or a range of them with "-".
bool is_port(std::string_view text) {
  const std::size_t dash = text.find('-');
  unsigned first = 0;
  unsigned last = 0;
  if (!parse_number(text.substr(0, dash), 65535, first)) return false;
  return dash == std::string_view::npos ||
         (parse_number(text.substr(dash + 1), 65535, last) && first <= last);
}

}  // namespace

void Parser::check_endpoint(const Endpoint& endpoint) {
  if (endpoint.ip && !is_ip(endpoint.ip->text)) {
    error(endpoint.ip->at,
          "\"" + endpoint.ip->text + "\" is not an IPv4 or IPv6 address, with or without /PREFIX.");
  }
  if (endpoint.port && !is_port(endpoint.port->text)) {
    error(endpoint.port->at,
          "\"" + endpoint.port->text + "\" is not a port from 0 to 65535, or a range such as 1-9.");
  }
}

void Parser::check_peer_permissions(const std::vector<Word>& permissions) {
  for (const Word& permission : permissions) {
    if (contains(kLocalPermissions, permission.text)) {
      error(permission.at,
            "The permission " + permission.text + " has no peer; remove it or the peer condition.");
    }
  }
}

bool Parser::network_rule(Rule& rule) {
  NetworkRule network;
  if (!permissions(network.permissions, kSocketPermissions)) return false;
  const auto take_word = [&] {
    const Position at = lexer_->here();
    const std::string_view name = lexer_->peek_keyword();
    lexer_->take(name.size());
    return Word{std::string(name), at, false};
  };
  if (contains(network_domains(), lexer_->peek_keyword())) network.domain = take_word();
  const std::string_view type = lexer_->peek_keyword();
  const bool protocol = contains(network_protocols(), type);
  if (protocol || contains(socket_types(), type)) {
    // "packet" is both; alone it is the family, which was taken above.
    network.type = take_word();
  }
  const bool internet =
      !network.domain || network.domain->text == "inet" || network.domain->text == "inet6";
  if (protocol && !internet) {
    error(network.type->at, "The protocol " + network.type->text + " is of inet and inet6 only.");
  }
  if (!conditions({{"ip", &network.local.ip}, {"port", &network.local.port}}) ||
      !peer_conditions({{"ip", &network.peer.ip}, {"port", &network.peer.port}})) {
    return false;
  }
  check_endpoint(network.local);
  check_endpoint(network.peer);
  const bool addressed =
      network.local.ip || network.local.port || network.peer.ip || network.peer.port;
  if (addressed && !internet) {
    error(network.domain->at, "Only inet and inet6 rules can have ip= and port=.");
  }
  if (network.peer.ip || network.peer.port) check_peer_permissions(network.permissions);
  rule.body = std::move(network);
  return true;
}

bool Parser::unix_rule(Rule& rule) {
  UnixRule u;
  if (!permissions(u.permissions, kSocketPermissions) ||
      !conditions({{"type", &u.type},
                   {"protocol", &u.protocol},
                   {"addr", &u.address},
                   {"label", &u.label},
                   {"attr", &u.attribute},
                   {"opt", &u.option}}) ||
      !peer_conditions({{"addr", &u.peer_address}, {"label", &u.peer_label}})) {
    return false;
  }
  if (u.type && !contains(socket_types(), u.type->text) && u.type->text[0] != '@') {
    error(u.type->at, "\"" + u.type->text + "\" is not a type of socket.");
  }
  for (const auto* address : {&u.address, &u.peer_address}) {
    if (!*address) continue;
    const std::string& text = (*address)->text;
    if (!text.starts_with('@') && text != "none" && text != "auto") {
      error((*address)->at,
            "The address of a unix socket is @NAME, none or auto; sockets with a "
            "path are matched by file rules.");
    }
  }
  if (u.peer_address || u.peer_label) check_peer_permissions(u.permissions);
  rule.body = std::move(u);
  return true;
}

}  // namespace aspis::policy
