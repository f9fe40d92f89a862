// SPDX-License-Identifier: Apache-2.0
// A socket address as Python said it, against the one that the kernel was given.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace aspis::cpython {

/// The address argument of socket.connect, bind, sendto, sendmsg.
struct SaidAddress {
  std::string
      text;  ///< host, or the path of a Unix socket (as os.fsencode; abstract: starts with NUL)
  std::int32_t port = -1;  ///< -1: a Unix socket, or unknown
  bool cut = false;        ///< only the beginning of text is known
};

/// The address in the kernel's event.
struct DoneAddress {
  std::uint16_t family = 0;             ///< AF_*
  std::uint16_t port = 0;               ///< host byte order
  const std::uint8_t* bytes = nullptr;  ///< 4 (inet) or 16 (inet6), network byte order
  std::string_view unix_path;
};

/// Whether both are the same, as far as can be told: ports and numeric hosts are compared; a host
/// name, "" and
/// "<broadcast>" stand for any address. Families that are neither inet nor Unix agree. An IPv4
/// address agrees with its IPv6 form (::ffff:a.b.c.d).
bool same_address(const SaidAddress& said, const DoneAddress& done);

/// "host:port", "[v6]:port", or the path, as shown to people.
std::string address_text(const SaidAddress& said);

}  // namespace aspis::cpython
