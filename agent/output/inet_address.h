// SPDX-License-Identifier: Apache-2.0
// Addresses with a port, as configurations write them. Names are not looked up.
#pragma once

#include <optional>
#include <string_view>

#include <sys/socket.h>

namespace aspis {

struct InetAddress {
  sockaddr_storage storage{};  ///< of family AF_INET or AF_INET6
  socklen_t length = 0;
};

/// "127.0.0.1:514" or "[::1]:514", the port from 1 to 65535. Nothing: it is not that.
std::optional<InetAddress> read_inet_address(std::string_view text);

}  // namespace aspis
