// SPDX-License-Identifier: Apache-2.0
// Paths and addresses as every output shows them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "agent/event/event.h"

namespace aspis {

/// Appends what /proc/PID/fd would show: the path, "pipe:[INO]", "socket:[INO]", "anon_inode:NAME"
/// or "memfd:NAME". Raw bytes: the caller escapes them.
void append_path_text(std::string& out, const Path& path);

/// A name for each path flag that is worth saying; the others only choose the text.
struct PathFlag {
  std::uint16_t bit;
  std::string_view name;
  std::string_view description;
};
std::span<const PathFlag> path_flags();

/// Appends "192.0.2.1" or "2001:db8::1"; `bytes` as in aspis_net_event.address. False, and nothing
/// appended, if the family has no such address.
bool append_ip_address(std::string& out, std::uint16_t family, const std::uint8_t (&bytes)[16]);

/// Whether an event of this kind on a socket (ASPIS_NET_*) tells of the socket's own address alone.
bool without_peer(unsigned kind);

/// sun_path as people write it.
struct UnixName {
  std::string text;  ///< "@name" for an abstract one; raw bytes
  bool abstract = false;
};
UnixName unix_name(std::string_view sun_path);

/// The two texts of a mount event: "TYPE\0SOURCE".
struct MountText {
  std::string_view filesystem, source;
};
MountText mount_text(std::string_view text);

}  // namespace aspis
