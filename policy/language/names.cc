// SPDX-License-Identifier: Apache-2.0
// Names as apparmor.d(5), capabilities(7), signal(7), errno(3) and mount(8) have them.
#include "policy/language/names.h"

#include <linux/mount.h>

#include <algorithm>
#include <charconv>

namespace aspis::policy {
namespace {

constexpr std::string_view kCapabilities[] = {
    "chown",
    "dac_override",
    "dac_read_search",
    "fowner",
    "fsetid",
    "kill",
    "setgid",
    "setuid",
    "setpcap",
    "linux_immutable",
    "net_bind_service",
    "net_broadcast",
    "net_admin",
    "net_raw",
    "ipc_lock",
    "ipc_owner",
    "sys_module",
    "sys_rawio",
    "sys_chroot",
    "sys_ptrace",
    "sys_pacct",
    "sys_admin",
    "sys_boot",
    "sys_nice",
    "sys_resource",
    "sys_time",
    "sys_tty_config",
    "mknod",
    "lease",
    "audit_write",
    "audit_control",
    "setfcap",
    "mac_override",
    "mac_admin",
    "syslog",
    "wake_alarm",
    "block_suspend",
    "audit_read",
    "perfmon",
    "bpf",
    "checkpoint_restore",
};

constexpr std::string_view kSignals[] = {
    "hup",   "int",  "quit", "ill",  "trap", "abrt", "bus",    "fpe",    "kill",
    "usr1",  "segv", "usr2", "pipe", "alrm", "term", "stkflt", "chld",   "cont",
    "stop",  "stp",  "ttin", "ttou", "urg",  "xcpu", "xfsz",   "vtalrm", "prof",
    "winch", "io",   "pwr",  "sys",  "emt",  "lost", "exists",
};

// In the order of linux/socket.h, but without decnet (12), which the language never had.
constexpr std::string_view kDomains[] = {
    "unspec",  "unix",    "inet",   "ax25",       "ipx",     "appletalk", "netrom",    "bridge",
    "atmpvc",  "x25",     "inet6",  "rose",       "netbeui", "security",  "key",       "netlink",
    "packet",  "ash",     "econet", "atmsvc",     "rds",     "sna",       "irda",      "pppox",
    "wanpipe", "llc",     "ib",     "mpls",       "can",     "tipc",      "bluetooth", "iucv",
    "rxrpc",   "isdn",    "phonet", "ieee802154", "caif",    "alg",       "nfc",       "vsock",
    "kcm",     "qipcrtr", "smc",    "xdp",        "mctp",
};

constexpr std::string_view kSocketTypes[] = {"stream", "dgram",  "seqpacket", "rdm",
                                             "raw",    "packet", "dccp"};
constexpr std::string_view kProtocols[] = {"tcp", "udp", "icmp"};

constexpr std::string_view kErrnos[] = {
    "EPERM",           "ENOENT",       "ESRCH",
    "EINTR",           "EIO",          "ENXIO",
    "E2BIG",           "ENOEXEC",      "EBADF",
    "ECHILD",          "EAGAIN",       "ENOMEM",
    "EACCES",          "EFAULT",       "ENOTBLK",
    "EBUSY",           "EEXIST",       "EXDEV",
    "ENODEV",          "ENOTDIR",      "EISDIR",
    "EINVAL",          "ENFILE",       "EMFILE",
    "ENOTTY",          "ETXTBSY",      "EFBIG",
    "ENOSPC",          "ESPIPE",       "EROFS",
    "EMLINK",          "EPIPE",        "EDOM",
    "ERANGE",          "EDEADLK",      "ENAMETOOLONG",
    "ENOLCK",          "ENOSYS",       "ENOTEMPTY",
    "ELOOP",           "EWOULDBLOCK",  "ENOMSG",
    "EIDRM",           "ECHRNG",       "EL2NSYNC",
    "EL3HLT",          "EL3RST",       "ELNRNG",
    "EUNATCH",         "ENOCSI",       "EL2HLT",
    "EBADE",           "EBADR",        "EXFULL",
    "ENOANO",          "EBADRQC",      "EBADSLT",
    "EDEADLOCK",       "EBFONT",       "ENOSTR",
    "ENODATA",         "ETIME",        "ENOSR",
    "ENONET",          "ENOPKG",       "EREMOTE",
    "ENOLINK",         "EADV",         "ESRMNT",
    "ECOMM",           "EPROTO",       "EMULTIHOP",
    "EDOTDOT",         "EBADMSG",      "EOVERFLOW",
    "ENOTUNIQ",        "EBADFD",       "EREMCHG",
    "ELIBACC",         "ELIBBAD",      "ELIBSCN",
    "ELIBMAX",         "ELIBEXEC",     "EILSEQ",
    "ERESTART",        "ESTRPIPE",     "EUSERS",
    "ENOTSOCK",        "EDESTADDRREQ", "EMSGSIZE",
    "EPROTOTYPE",      "ENOPROTOOPT",  "EPROTONOSUPPORT",
    "ESOCKTNOSUPPORT", "EOPNOTSUPP",   "ENOTSUP",
    "EPFNOSUPPORT",    "EAFNOSUPPORT", "EADDRINUSE",
    "EADDRNOTAVAIL",   "ENETDOWN",     "ENETUNREACH",
    "ENETRESET",       "ECONNABORTED", "ECONNRESET",
    "ENOBUFS",         "EISCONN",      "ENOTCONN",
    "ESHUTDOWN",       "ETOOMANYREFS", "ETIMEDOUT",
    "ECONNREFUSED",    "EHOSTDOWN",    "EHOSTUNREACH",
    "EALREADY",        "EINPROGRESS",  "ESTALE",
    "EUCLEAN",         "ENOTNAM",      "ENAVAIL",
    "EISNAM",          "EREMOTEIO",    "EDQUOT",
    "ENOMEDIUM",       "EMEDIUMTYPE",  "ECANCELED",
    "ENOKEY",          "EKEYEXPIRED",  "EKEYREVOKED",
    "EKEYREJECTED",    "EOWNERDEAD",   "ENOTRECOVERABLE",
    "ERFKILL",         "EHWPOISON",
};

constexpr Rlimit kRlimits[] = {
    {"cpu", RlimitUnit::Seconds},
    {"fsize", RlimitUnit::Bytes},
    {"data", RlimitUnit::Bytes},
    {"stack", RlimitUnit::Bytes},
    {"core", RlimitUnit::Bytes},
    {"rss", RlimitUnit::Bytes},
    {"nofile", RlimitUnit::Count},
    {"ofile", RlimitUnit::Count},
    {"as", RlimitUnit::Bytes},
    {"nproc", RlimitUnit::Count},
    {"memlock", RlimitUnit::Bytes},
    {"locks", RlimitUnit::Count},
    {"sigpending", RlimitUnit::Count},
    {"msgqueue", RlimitUnit::Bytes},
    {"nice", RlimitUnit::Nice},
    {"rtprio", RlimitUnit::Count},
    {"rttime", RlimitUnit::Microseconds},
};

// MS_NOUSER is the kernel's own (include/linux/fs.h): it is not for user space, and no program
// passes it.
constexpr std::uint32_t kNoUser = 1U << 31;

constexpr MountOption kMountOptions[] = {
    {"ro", 1, 0, false, MS_RDONLY},
    {"r", 1, 0, false, MS_RDONLY},
    {"read-only", 1, 0, false, MS_RDONLY},
    {"rw", 1, 1, false, MS_RDONLY, true},
    {"w", 1, 1, false, MS_RDONLY, true},
    {"suid", 2, 0, false, MS_NOSUID, true},
    {"nosuid", 2, 1, false, MS_NOSUID},
    {"dev", 3, 0, false, MS_NODEV, true},
    {"nodev", 3, 1, false, MS_NODEV},
    {"exec", 4, 0, false, MS_NOEXEC, true},
    {"noexec", 4, 1, false, MS_NOEXEC},
    {"sync", 5, 0, false, MS_SYNCHRONOUS},
    {"async", 5, 1, false, MS_SYNCHRONOUS, true},
    {"remount", 0, 0, false, MS_REMOUNT},
    {"mand", 6, 0, false, MS_MANDLOCK},
    {"nomand", 6, 1, false, MS_MANDLOCK, true},
    {"dirsync", 0, 0, false, MS_DIRSYNC},
    {"symfollow", 7, 0, false, MS_NOSYMFOLLOW, true},
    {"nosymfollow", 7, 1, false, MS_NOSYMFOLLOW},
    {"atime", 8, 0, false, MS_NOATIME, true},
    {"noatime", 8, 1, false, MS_NOATIME},
    {"diratime", 9, 0, false, MS_NODIRATIME, true},
    {"nodiratime", 9, 1, false, MS_NODIRATIME},
    {"bind", 0, 0, false, MS_BIND},
    {"B", 0, 0, false, MS_BIND},
    {"move", 0, 0, false, MS_MOVE},
    {"M", 0, 0, false, MS_MOVE},
    {"rbind", 0, 0, false, MS_BIND | MS_REC},
    {"R", 0, 0, false, MS_BIND | MS_REC},
    {"verbose", 10, 0, false, MS_SILENT},
    {"silent", 10, 1, false, MS_SILENT},
    {"loud", 10, 0, false, MS_SILENT, true},
    {"acl", 11, 0, false, MS_POSIXACL},
    {"noacl", 11, 1, false, MS_POSIXACL, true},
    {"relatime", 12, 0, false, MS_RELATIME},
    {"norelatime", 12, 1, false, MS_RELATIME, true},
    {"iversion", 13, 0, false, MS_I_VERSION},
    {"noiversion", 13, 1, false, MS_I_VERSION, true},
    {"strictatime", 14, 0, false, MS_STRICTATIME},
    {"nostrictatime", 14, 1, false, MS_STRICTATIME, true},
    {"lazytime", 15, 0, false, MS_LAZYTIME},
    {"nolazytime", 15, 1, false, MS_LAZYTIME, true},
    {"user", 16, 0, false, kNoUser, true},
    {"nouser", 16, 1, false, kNoUser},
    {"unbindable", 0, 0, true, MS_UNBINDABLE},
    {"make-unbindable", 0, 0, true, MS_UNBINDABLE},
    {"runbindable", 0, 0, true, MS_UNBINDABLE | MS_REC},
    {"make-runbindable", 0, 0, true, MS_UNBINDABLE | MS_REC},
    {"private", 0, 0, true, MS_PRIVATE},
    {"make-private", 0, 0, true, MS_PRIVATE},
    {"rprivate", 0, 0, true, MS_PRIVATE | MS_REC},
    {"make-rprivate", 0, 0, true, MS_PRIVATE | MS_REC},
    {"slave", 0, 0, true, MS_SLAVE},
    {"make-slave", 0, 0, true, MS_SLAVE},
    {"rslave", 0, 0, true, MS_SLAVE | MS_REC},
    {"make-rslave", 0, 0, true, MS_SLAVE | MS_REC},
    {"shared", 0, 0, true, MS_SHARED},
    {"make-shared", 0, 0, true, MS_SHARED},
    {"rshared", 0, 0, true, MS_SHARED | MS_REC},
    {"make-rshared", 0, 0, true, MS_SHARED | MS_REC},
};

constexpr FlagName kFlags[] = {
    {"enforce", 1},
    {"complain", 1},
    {"kill", 1},
    {"unconfined", 1},
    {"default_allow", 1},
    {"prompt", 1},
    {"audit", 0},
    {"debug", 0},
    {"interruptible", 0},
    {"mediate_deleted", 2},
    {"delegate_deleted", 2},
    {"attach_disconnected", 3},
    {"no_attach_disconnected", 3},
    {"chroot_attach", 4},
    {"chroot_no_attach", 4},
    {"chroot_relative", 5},
    {"namespace_relative", 5},
    {"attach_disconnected.path", 0},
    {"attach_disconnected.ipc", 0},
    {"kill.signal", 0},
    {"error", 0},
};

}  // namespace

bool contains(NameList names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

NameList capability_names() {
  return kCapabilities;
}

bool is_signal(std::string_view name) {
  constexpr std::string_view kRealTime = "rtmin+";
  if (!name.starts_with(kRealTime)) return contains(kSignals, name);
  unsigned number = 0;
  const char* end = name.data() + name.size();
  const auto parsed = std::from_chars(name.data() + kRealTime.size(), end, number);
  return parsed.ec == std::errc() && parsed.ptr == end && number <= 32;
}

NameList network_domains() {
  return kDomains;
}
unsigned domain_number(std::string_view domain) {
  constexpr unsigned kDecnet = 12;
  const auto index = static_cast<unsigned>(
      std::find(std::begin(kDomains), std::end(kDomains), domain) - std::begin(kDomains));
  return index < kDecnet ? index : index + 1;
}
NameList socket_types() {
  return kSocketTypes;
}
NameList network_protocols() {
  return kProtocols;
}
bool is_errno(std::string_view name) {
  return contains(kErrnos, name);
}
std::span<const Rlimit> rlimits() {
  return kRlimits;
}
std::span<const MountOption> mount_options() {
  return kMountOptions;
}
std::span<const FlagName> flag_names() {
  return kFlags;
}

}  // namespace aspis::policy
