// SPDX-License-Identifier: Apache-2.0
#include "agent/output/avc_details.h"

#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>

#include "agent/event/kinds.h"
#include "agent/output/avc_text.h"
#include "agent/output/names.h"
#include "agent/output/places.h"
#include "agent/output/policy_names.h"
#include "bpf/abi/policy.h"
#include "bpf/abi/request.h"

namespace aspis {
namespace {

/// AppArmor names a directory with "/" at its end.
std::string name_text(const Path& path, bool directory) {
  std::string text;
  append_path_text(text, path);
  if (directory && !text.ends_with('/')) text += '/';
  return text;
}

std::string file_name(const Event& event) {
  const auto& file = *event.as<FilePayload>();
  return name_text(file.path, file.raw->directory != 0);
}

/// Of a rename or a link.
std::string new_name(const Event& event) {
  const auto& file = *event.as<FilePayload>();
  return name_text(file.other, file.raw->directory != 0);
}

/// Nearly always a directory; the event doesn't say.
std::string mount_point(const Event& event) {
  return name_text(event.as<PrivilegePayload>()->path, true);
}

std::string guarded_place(const Event& event) {
  return name_text(event.as<PrivilegePayload>()->path, false);
}

bool of_place(const Event& event) {
  return !event.as<PrivilegePayload>()->path.text.empty();
}

/// A rename is asked about twice: of the two requests, only the new name's creates.
bool asked_of_new_name(const Event& event) {
  return (event.head->requested & ASPIS_MAY_CREATE) != 0;
}

bool asked_to_execute(const Event& event) {
  return (event.head->requested & ASPIS_MAY_EXEC) != 0;
}

bool asked_to_map(const Event& event) {
  return (event.head->requested & ASPIS_MAY_MAP) != 0;
}

bool by_mprotect(const Event& event) {
  return event.as<FilePayload>()->raw->protect != 0;
}

/// requested_mask= and denied_mask=, or what the newer classes call them; neither if there is none.
void append_masks(std::string& out, const Record& record, std::string_view suffix = "_mask") {
  const aspis_event& head = *record.event->head;
  if (head.requested != 0)
    append_quoted(out, "requested" + std::string(suffix),
                  permission_names(record.kind, head.requested));
  if (head.denied != 0)
    append_quoted(out, "denied" + std::string(suffix), permission_names(record.kind, head.denied));
}

void append_peer(std::string& out, const Record& record) {
  if (!record.peer.empty()) append_untrusted(out, "peer", record.peer);
}

// security/apparmor/file.c: file_audit_cb
void file(std::string& out, const Record& record) {
  const aspis_file_event& raw = *record.event->as<FilePayload>()->raw;
  append_masks(out, record);
  append_member(out, "fsuid", raw.fsuid);
  append_member(out, "ouid", raw.ouid);
}

/// As Ubuntu's kernels tell of it, which have such rules. The class is part of it: libapparmor
/// finds by it what the operation is about.
void mqueue(std::string& out, const Record& record) {
  const aspis_file_event& raw = *record.event->as<FilePayload>()->raw;
  append_masks(out, record, "");
  append_quoted(out, "class", "posix_mqueue");
  append_member(out, "fsuid", raw.fsuid);
  append_member(out, "ouid", raw.ouid);
}

void link(std::string& out, const Record& record) {
  file(out, record);
  append_untrusted(out, "target", file_name(*record.event));
}

void exec(std::string& out, const Record& record) {
  file(out, record);
  if (!record.target.empty()) append_untrusted(out, "target", record.target);
}

void address(std::string& out, std::string_view prefix, const aspis_net_event& raw,
             const std::uint8_t (&bytes)[16], std::uint16_t port) {
  constexpr std::uint8_t kAny[16] = {};
  std::string text;
  if (!append_ip_address(text, raw.family, bytes)) return;
  if (!std::ranges::equal(bytes, kAny)) {
    append_key(out, std::string(prefix) + "addr");
    out += text;
  }
  if (port != 0) append_member(out, std::string(prefix) + "port", port);
}

void net_name(std::string& out, std::string_view key, Names set, std::uint64_t number) {
  const std::string_view name = name_of(set, number);
  append_quoted(out, key, name.empty() ? "unknown(" + std::to_string(number) + ")" : name);
}

void socket_details(std::string& out, const Record& record) {
  const auto& net = *record.event->as<NetPayload>();
  net_name(out, "family", Names::kFamily, net.raw->family);
  net_name(out, "sock_type", Names::kSocketType, net.raw->type);
  append_member(out, "protocol", net.raw->protocol);
  append_masks(out, record);
}

/// The name of a unix socket: "@" before an abstract one. Its own one is none where it has a peer.
void unix_address(std::string& out, const NetPayload& net, bool of_peer) {
  if (net.raw->family != AF_UNIX) return;
  if (of_peer) out += " addr=none";
  if (!net.unix_path.empty())
    append_untrusted(out, of_peer ? "peer_addr" : "addr", unix_name(net.unix_path).text);
}

// security/lsm_audit.c: laddr= and so on; security/apparmor/net.c: audit_net_cb
void net_created(std::string& out, const Record& record) {
  socket_details(out, record);
}

void net_own(std::string& out, const Record& record) {
  const auto& net = *record.event->as<NetPayload>();
  const bool bound = record.kind == ASPIS_NET_BIND;  // the address is the one asked for
  address(out, "l", *net.raw, bound ? net.raw->address : net.raw->local,
          bound ? net.raw->port : net.raw->local_port);
  socket_details(out, record);
  unix_address(out, net, false);
  append_peer(out, record);
}

void net_peer(std::string& out, const Record& record) {
  const auto& net = *record.event->as<NetPayload>();
  address(out, "l", *net.raw, net.raw->local, net.raw->local_port);
  address(out, "f", *net.raw, net.raw->address, net.raw->port);
  socket_details(out, record);
  unix_address(out, net, true);
  append_peer(out, record);
}

/// "SIGTERM" → "term", "CAP_SYS_NICE" → "sys_nice"
std::string short_name(std::string_view prefix, std::string_view name) {
  std::string out(name.substr(name.starts_with(prefix) ? prefix.size() : 0));
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

// security/apparmor/capability.c: audit_cb. Two spaces stand before capname.
void capable(std::string& out, const Record& record) {
  const std::uint32_t number = record.event->as<PrivilegePayload>()->raw->number;
  append_member(out, "capability", number);
  const std::string_view name = name_of(Names::kCapability, number);
  if (name.empty()) return;
  out += ' ';
  append_quoted(out, "capname", short_name("CAP_", name));
}

// security/apparmor/include/sig_names.h: as the kernel counts, real-time signals begin at 32.
constexpr std::uint32_t kFirstRealTime = 32;
constexpr std::uint32_t kTerminalStop = 20;

std::string signal_name(std::uint32_t number) {
  if (number == 0) return "exists";
  if (number == kTerminalStop) return "stp";
  if (number >= kFirstRealTime) return "rtmin+" + std::to_string(number - kFirstRealTime);
  return short_name("SIG", name_of(Names::kSignal, number));
}

void signal(std::string& out, const Record& record) {
  append_masks(out, record);
  append_key(out, "signal");
  out += signal_name(record.event->as<PrivilegePayload>()->raw->number);
  append_peer(out, record);
}

void ptrace(std::string& out, const Record& record) {
  append_masks(out, record);
  append_peer(out, record);
}

struct MountFlag {
  std::uint64_t bit;
  std::string_view name, recursive;  // the second where MS_REC is set, too
};

// security/apparmor/mount.c: audit_mnt_flags
constexpr MountFlag kMountFlags[] = {
    {MS_NOSUID, "nosuid", {}},
    {MS_NODEV, "nodev", {}},
    {MS_NOEXEC, "noexec", {}},
    {MS_SYNCHRONOUS, "sync", {}},
    {MS_REMOUNT, "remount", {}},
    {MS_MANDLOCK, "mand", {}},
    {MS_DIRSYNC, "dirsync", {}},
    {MS_NOATIME, "noatime", {}},
    {MS_NODIRATIME, "nodiratime", {}},
    {MS_BIND, "bind", "rbind"},
    {MS_MOVE, "move", {}},
    {MS_SILENT, "silent", {}},
    {MS_POSIXACL, "acl", {}},
    {MS_UNBINDABLE, "unbindable", "runbindable"},
    {MS_PRIVATE, "private", "rprivate"},
    {MS_SLAVE, "slave", "rslave"},
    {MS_SHARED, "shared", "rshared"},
    {MS_RELATIME, "relatime", {}},
    {MS_I_VERSION, "iversion", {}},
    {MS_STRICTATIME, "strictatime", {}},
};

/// These change what is mounted: neither a type nor a source is asked about.
constexpr std::uint64_t kOfMounted = MS_REMOUNT | MS_UNBINDABLE | MS_PRIVATE | MS_SLAVE | MS_SHARED;

void mount(std::string& out, const Record& record) {
  const auto& privilege = *record.event->as<PrivilegePayload>();
  const MountText text = mount_text(privilege.text);
  const std::uint64_t flags = privilege.raw->flags;
  if ((flags & kOfMounted) == 0) {
    if ((flags & (MS_BIND | MS_MOVE)) == 0 && !text.filesystem.empty())
      append_untrusted(out, "fstype", text.filesystem);
    if (!text.source.empty()) append_untrusted(out, "srcname", text.source);
  }
  std::string names = (flags & MS_RDONLY) != 0 ? "ro" : "rw";
  for (const MountFlag& flag : kMountFlags) {
    if ((flags & flag.bit) == 0) continue;
    names += ", ";
    names += (flags & MS_REC) != 0 && !flag.recursive.empty() ? flag.recursive : flag.name;
  }
  append_quoted(out, "flags", names);
}

// security/apparmor/domain.c: the name is that of the profile asked for
std::string asked_name(const Event& event) {
  return std::string(event.as<PrivilegePayload>()->text);
}

bool of_hat(const Event& event) {
  return event.as<PrivilegePayload>()->raw->number == ASPIS_REQUEST_CHANGE_HAT;
}

bool of_exec(const Event& event) {
  return event.as<PrivilegePayload>()->raw->number == ASPIS_REQUEST_CHANGE_ONEXEC;
}

std::string event_name(const Event& event) {
  return std::string(event.as<PythonPayload>()->name);
}

void python(std::string& out, const Record& record) {
  append_masks(out, record, "");
}

void namespace_(std::string& out, const Record& record) {
  append_masks(out, record, "");
}

/// Of the rows of a kind, the first that holds is an event's. AppArmor counts execs as files.
constexpr AvcOperation kOperations[] = {
    {ASPIS_FILE_OPEN, "open", "file", file_name, file},
    {ASPIS_FILE_CREATE, "mknod", "file", file_name, file},
    {ASPIS_FILE_UNLINK, "unlink", "file", file_name, file},
    {ASPIS_FILE_RMDIR, "rmdir", "file", file_name, file},
    {ASPIS_FILE_RENAME, "rename_dest", "file", new_name, file, asked_of_new_name},
    {ASPIS_FILE_RENAME, "rename_src", "file", file_name, file},
    {ASPIS_FILE_LINK, "link", "file", new_name, link},
    {ASPIS_FILE_SYMLINK, "symlink", "file", file_name, file},
    {ASPIS_FILE_MKDIR, "mkdir", "file", file_name, file},
    {ASPIS_FILE_CHMOD, "chmod", "file", file_name, file},
    {ASPIS_FILE_CHOWN, "chown", "file", file_name, file},
    {ASPIS_FILE_TRUNCATE, "truncate", "file", file_name, file},
    {ASPIS_FILE_MMAP_EXEC, "file_mprotect", "file", file_name, file, by_mprotect},
    {ASPIS_FILE_MMAP_EXEC, "file_mmap", "file", file_name, file},
    {ASPIS_FILE_EXEC, "exec", "file", file_name, exec},
    {ASPIS_FILE_LOCK, "file_lock", "file", file_name, file},
    {ASPIS_FILE_RECEIVE, "file_receive", "file", file_name, file},
    {ASPIS_FILE_INHERIT, "file_inherit", "file", file_name, file},
    {ASPIS_FILE_UNSIGNED, "file_mmap", "file", file_name, file, asked_to_map},
    {ASPIS_FILE_UNSIGNED, "exec", "file", file_name, file, asked_to_execute},
    {ASPIS_FILE_UNSIGNED, "open", "file", file_name, file},
    {ASPIS_FILE_CONNECT, "connect", "file", file_name, file},
    {ASPIS_FILE_MQUEUE_OPEN, "open", "", file_name, mqueue},
    {ASPIS_FILE_MQUEUE_CREATE, "create", "", file_name, mqueue},
    {ASPIS_FILE_MQUEUE_UNLINK, "unlink", "", file_name, mqueue},
    {ASPIS_NET_CREATE, "create", "net", nullptr, net_created},
    {ASPIS_NET_BIND, "bind", "net", nullptr, net_own},
    {ASPIS_NET_LISTEN, "listen", "net", nullptr, net_own},
    {ASPIS_NET_CONNECT, "connect", "net", nullptr, net_peer},
    {ASPIS_NET_ACCEPT, "accept", "net", nullptr, net_peer},
    {ASPIS_NET_SENDMSG, "sendmsg", "net", nullptr, net_peer},
    {ASPIS_NET_ACCEPT_CALL, "accept", "net", nullptr, net_own},
    {ASPIS_NET_RECVMSG, "recvmsg", "net", nullptr, net_peer},
    {ASPIS_NET_SHUTDOWN, "socket_shutdown", "net", nullptr, net_own},
    {ASPIS_NET_GETATTR, "getsockname", "net", nullptr, net_own},
    {ASPIS_NET_GETOPT, "getsockopt", "net", nullptr, net_own},
    {ASPIS_NET_SETOPT, "setsockopt", "net", nullptr, net_own},
    {ASPIS_PRIV_CAPABLE, "capable", "cap", nullptr, capable},
    {ASPIS_PRIV_PTRACE, "ptrace", "ptrace", nullptr, ptrace},
    {ASPIS_PRIV_KILL, "signal", "signal", nullptr, signal},
    {ASPIS_PRIV_MOUNT, "mount", "mount", mount_point, mount},
    {ASPIS_PRIV_UMOUNT, "umount", "mount", mount_point},
    {ASPIS_PRIV_CHANGE_PROFILE, "change_hat", "file", asked_name, nullptr, of_hat},
    {ASPIS_PRIV_CHANGE_PROFILE, "change_onexec", "file", asked_name, nullptr, of_exec},
    {ASPIS_PRIV_CHANGE_PROFILE, "change_profile", "file", asked_name},
    {ASPIS_PRIV_TAMPER, "tamper", "", guarded_place, nullptr, of_place},
    {ASPIS_PYTHON_AUDIT, "python", "", event_name, python},
    {ASPIS_PRIV_USERNS, "userns_create", "namespace", nullptr, namespace_},
};

}  // namespace

AvcOperation avc_operation(const Event& event) {
  const auto* row = std::ranges::find_if(kOperations, [&](const AvcOperation& operation) {
    return operation.kind == event.kind() && (operation.holds == nullptr || operation.holds(event));
  });
  if (row != std::end(kOperations)) return *row;
  return {event.kind(), kind_info(event.kind()).verb, {}};
}

}  // namespace aspis
