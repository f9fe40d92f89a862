// SPDX-License-Identifier: Apache-2.0
#include "agent/output/places.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include "agent/output/names.h"

namespace aspis {
namespace {

constexpr PathFlag kPathFlags[] = {
    {ASPIS_PATH_CUT, "cut", "longer than 4095 bytes: the front is missing"},
    {ASPIS_PATH_DELETED, "deleted", "the name no longer leads to this file"},
    {ASPIS_PATH_DETACHED, "detached",
     "the mount is in no namespace (lazy umount, memfd, open_tree)"},
    {ASPIS_PATH_FOREIGN, "foreign",
     "the mount is in another mount namespace than the task's; the path is from that one's root"},
    {ASPIS_PATH_LEXICAL, "lexical",
     "not walked by the kernel: the directory and the string that the program passed, joined"},
    {ASPIS_PATH_ERROR, "error", "could not be read; the text is what is known of it"},
};

void append_inode(std::string& out, std::string_view what, std::uint64_t ino) {
  out += what;
  out += ":[";
  append_decimal(out, ino);
  out += ']';
}

}  // namespace

void append_path_text(std::string& out, const Path& path) {
  if ((path.flags & ASPIS_PATH_PIPE) != 0) {
    append_inode(out, "pipe", path.ino);
  } else if ((path.flags & ASPIS_PATH_SOCKET) != 0) {
    append_inode(out, "socket", path.ino);
  } else {
    if ((path.flags & ASPIS_PATH_ANON) != 0) out += "anon_inode:";
    out += path.text;
  }
}

std::span<const PathFlag> path_flags() {
  return kPathFlags;
}

bool append_ip_address(std::string& out, std::uint16_t family, const std::uint8_t (&bytes)[16]) {
  if (family != AF_INET && family != AF_INET6) return false;
  char text[INET6_ADDRSTRLEN];
  if (inet_ntop(family, bytes, text, sizeof(text)) == nullptr) return false;
  out += text;
  return true;
}

bool without_peer(unsigned kind) {
  return kind == ASPIS_NET_LISTEN || kind == ASPIS_NET_ACCEPT_CALL || kind == ASPIS_NET_SHUTDOWN ||
         kind == ASPIS_NET_GETATTR || kind == ASPIS_NET_GETOPT || kind == ASPIS_NET_SETOPT;
}

UnixName unix_name(std::string_view sun_path) {
  if (sun_path.starts_with('\0')) return {"@" + std::string(sun_path.substr(1)), true};
  return {std::string(sun_path.substr(0, sun_path.find('\0'))), false};
}

MountText mount_text(std::string_view text) {
  const std::size_t end = text.find('\0');
  if (end == std::string_view::npos) return {text, {}};
  std::string_view source = text.substr(end + 1);
  return {text.substr(0, end), source.substr(0, source.find('\0'))};
}

}  // namespace aspis
