// SPDX-License-Identifier: Apache-2.0
#include "agent/output/policy_names.h"

#include <array>
#include <span>

#include "bpf/abi/guard.h"
#include "bpf/abi/policy.h"
#include "bpf/abi/request.h"

namespace aspis {
namespace {

struct PermissionName {
  std::uint16_t bit;
  std::string_view name;
};
// The order of security/apparmor/file.c: aa_file_perm_chrs.
constexpr PermissionName kFile[] = {
    {ASPIS_MAY_EXEC, "x"},   {ASPIS_MAY_WRITE, "w"},  {ASPIS_MAY_READ, "r"},
    {ASPIS_MAY_APPEND, "a"}, {ASPIS_MAY_CREATE, "c"}, {ASPIS_MAY_DELETE, "d"},
    {ASPIS_MAY_LOCK, "k"},   {ASPIS_MAY_MAP, "m"},    {ASPIS_MAY_LINK, "l"},
};

// What AppArmor's log calls them, by class (security/apparmor/ipc.c, task.c, lsm.c).
constexpr PermissionName kSignal[] = {
    {ASPIS_SIGNAL_SEND, "send"},
    {ASPIS_SIGNAL_RECEIVE, "receive"},
};
constexpr PermissionName kPtrace[] = {
    {ASPIS_PTRACE_TRACE, "trace"},
    {ASPIS_PTRACE_READ, "read"},
    {ASPIS_PTRACE_TRACEDBY, "tracedby"},
    {ASPIS_PTRACE_READBY, "readby"},
};
constexpr PermissionName kMount[] = {
    {ASPIS_MOUNT_MOUNT, "mount"},
    {ASPIS_MOUNT_UMOUNT, "umount"},
    {ASPIS_MOUNT_PIVOT_ROOT, "pivot_root"},
};
constexpr PermissionName kCapability[] = {{ASPIS_CAPABILITY_USE, "capable"}};
constexpr PermissionName kUserns[] = {{ASPIS_USERNS_CREATE, "userns_create"}};
constexpr PermissionName kRlimit[] = {{ASPIS_RLIMIT_SET, "setrlimit"}};
constexpr PermissionName kIoUring[] = {
    {ASPIS_IO_URING_SQPOLL, "sqpoll"},
    {ASPIS_IO_URING_OVERRIDE_CREDS, "override_creds"},
    {ASPIS_IO_URING_SETUP, "setup"},
};
// In the order of Ubuntu's kernels, which have such rules.
constexpr PermissionName kMqueue[] = {
    {ASPIS_MQUEUE_READ, "read"},
    {ASPIS_MQUEUE_WRITE, "write"},
    {ASPIS_MQUEUE_CREATE, "create"},
    {ASPIS_MQUEUE_DELETE, "delete"},
};
constexpr PermissionName kCompat[] = {{1, "call"}};

constexpr PermissionName kChangeProfile[] = {
    {ASPIS_PROFILE_CHANGE, "change_profile"},
    {ASPIS_PROFILE_ONEXEC, "change_onexec"},
};

// security/apparmor/net.c: aa_net_mask_names
constexpr PermissionName kSocket[] = {
    {ASPIS_SOCKET_SEND, "send"},       {ASPIS_SOCKET_RECEIVE, "receive"},
    {ASPIS_SOCKET_CREATE, "create"},   {ASPIS_SOCKET_SHUTDOWN, "shutdown"},
    {ASPIS_SOCKET_CONNECT, "connect"}, {ASPIS_SOCKET_SETATTR, "setattr"},
    {ASPIS_SOCKET_GETATTR, "getattr"}, {ASPIS_SOCKET_ACCEPT, "accept"},
    {ASPIS_SOCKET_BIND, "bind"},       {ASPIS_SOCKET_LISTEN, "listen"},
    {ASPIS_SOCKET_SETOPT, "setopt"},   {ASPIS_SOCKET_GETOPT, "getopt"},
};

constexpr PermissionName kPython[] = {{ASPIS_PYTHON_RAISE, "raise"}};

/// Names of kinds that are not files'; several are joined by a space.
struct KindNames {
  aspis_kind kind;
  std::span<const PermissionName> names;
};
constexpr KindNames kByKind[] = {
    {ASPIS_PRIV_CAPABLE, kCapability},   {ASPIS_PRIV_KILL, kSignal},
    {ASPIS_PRIV_PTRACE, kPtrace},        {ASPIS_PRIV_MOUNT, kMount},
    {ASPIS_PRIV_UMOUNT, kMount},         {ASPIS_PRIV_USERNS, kUserns},
    {ASPIS_PRIV_RLIMIT, kRlimit},        {ASPIS_PRIV_IO_URING, kIoUring},
    {ASPIS_PRIV_COMPAT, kCompat},        {ASPIS_PRIV_CHANGE_PROFILE, kChangeProfile},
    {ASPIS_FILE_MQUEUE_OPEN, kMqueue},   {ASPIS_FILE_MQUEUE_CREATE, kMqueue},
    {ASPIS_FILE_MQUEUE_UNLINK, kMqueue}, {ASPIS_NET_CREATE, kSocket},
    {ASPIS_NET_BIND, kSocket},           {ASPIS_NET_LISTEN, kSocket},
    {ASPIS_NET_CONNECT, kSocket},        {ASPIS_NET_ACCEPT, kSocket},
    {ASPIS_NET_SENDMSG, kSocket},        {ASPIS_NET_ACCEPT_CALL, kSocket},
    {ASPIS_NET_RECVMSG, kSocket},        {ASPIS_NET_SHUTDOWN, kSocket},
    {ASPIS_NET_GETATTR, kSocket},        {ASPIS_NET_GETOPT, kSocket},
    {ASPIS_NET_SETOPT, kSocket},         {ASPIS_PYTHON_AUDIT, kPython},
};

std::string joined(std::span<const PermissionName> table, std::string_view separator,
                   std::uint16_t permissions) {
  std::string names;
  for (const PermissionName& entry : table) {
    if ((permissions & entry.bit) == 0) continue;
    if (!names.empty()) names += separator;
    names += entry.name;
  }
  return names;
}

// security/apparmor/path.c, domain.c, file.c
constexpr std::array<std::string_view, ASPIS_INFO_COUNT> kInfos = {
    "",
    "Failed name lookup - disconnected path",
    "Failed name lookup - deleted entry",
    "Failed name lookup - name too long",
    "Failed name lookup - file has no name",
    "profile transition not found",
    "conflicting profile attachments",
    "link not subset of target",
    "too many stacked profiles",
    "out of memory",
    "source is no plain absolute path",
    "no new privs",
    "label not found",
    "target not hat",
    "wrong token of a hat",
    "no change_onexec valid for executable",
    "the request could not be read",
    "what it does is not seen here",
    "Failed name lookup - name with \"..\", or gone",
    "no context has such a key or value",
    "PermissionError raised",
    "no audit event announced it",
    "code is not signed - no fs-verity",
    "code is not in the manifest",
    "the agent protects itself",
};

}  // namespace

std::string permission_names(aspis_kind kind, std::uint16_t permissions) {
  for (const KindNames& entry : kByKind) {
    if (entry.kind == kind) return joined(entry.names, " ", permissions);
  }
  return joined(kFile, "", permissions);
}

std::string_view tamper_name(std::uint32_t what) {
  constexpr std::array<std::string_view, ASPIS_TAMPER_COUNT> kNames = {
      "", "ptrace", "signal", "map", "program", "link", "pin", "file", "mount"};
  return what < kNames.size() ? kNames[what] : "";
}

std::string_view request_name(std::uint32_t request) {
  switch (request) {
    case ASPIS_REQUEST_CHANGE_ONEXEC:
      return "change_onexec";
    case ASPIS_REQUEST_ON_LISTEN:
      return "on_listen";
    case ASPIS_REQUEST_ON_PYTHON:
      return "on_python";
    case ASPIS_REQUEST_CHANGE_HAT:
      return "change_hat";
    default:
      return "change_profile";
  }
}

std::string info_text(std::uint8_t info, std::string_view package) {
  if ((info & ASPIS_INFO_PACKAGE) != 0)
    return "not allowed by package " + std::string(package.empty() ? "?" : package);
  return std::string(info < kInfos.size() ? kInfos[info] : "unknown reason");
}

}  // namespace aspis
