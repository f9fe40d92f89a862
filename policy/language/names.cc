// SPDX-License-Identifier: Apache-2.0
// Names as apparmor.d(5), capabilities(7), signal(7), errno(3) and mount(8) have them.
#include "policy/language/names.h"

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

constexpr MountOption kMountOptions[] = {
    {"ro", 1, 0},
    {"r", 1, 0},
    {"read-only", 1, 0},
    {"rw", 1, 1},
    {"w", 1, 1},
    {"suid", 2, 0},
    {"nosuid", 2, 1},
    {"dev", 3, 0},
    {"nodev", 3, 1},
    {"exec", 4, 0},
    {"noexec", 4, 1},
    {"sync", 5, 0},
    {"async", 5, 1},
    {"remount", 0, 0},
    {"mand", 6, 0},
    {"nomand", 6, 1},
    {"dirsync", 0, 0},
    {"symfollow", 7, 0},
    {"nosymfollow", 7, 1},
    {"atime", 8, 0},
    {"noatime", 8, 1},
    {"diratime", 9, 0},
    {"nodiratime", 9, 1},
    {"bind", 0, 0},
    {"B", 0, 0},
    {"move", 0, 0},
    {"M", 0, 0},
    {"rbind", 0, 0},
    {"R", 0, 0},
    {"verbose", 10, 0},
    {"silent", 10, 1},
    {"loud", 10, 0},
    {"acl", 11, 0},
    {"noacl", 11, 1},
    {"relatime", 12, 0},
    {"norelatime", 12, 1},
    {"iversion", 13, 0},
    {"noiversion", 13, 1},
    {"strictatime", 14, 0},
    {"nostrictatime", 14, 1},
    {"lazytime", 15, 0},
    {"nolazytime", 15, 1},
    {"user", 16, 0},
    {"nouser", 16, 1},
    {"unbindable", 0, 0, true},
    {"make-unbindable", 0, 0, true},
    {"runbindable", 0, 0, true},
    {"make-runbindable", 0, 0, true},
    {"private", 0, 0, true},
    {"make-private", 0, 0, true},
    {"rprivate", 0, 0, true},
    {"make-rprivate", 0, 0, true},
    {"slave", 0, 0, true},
    {"make-slave", 0, 0, true},
    {"rslave", 0, 0, true},
    {"make-rslave", 0, 0, true},
    {"shared", 0, 0, true},
    {"make-shared", 0, 0, true},
    {"rshared", 0, 0, true},
    {"make-rshared", 0, 0, true},
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
  const auto index =
      static_cast<unsigned>(std::find(std::begin(kDomains), std::end(kDomains), domain) -
                            std::begin(kDomains));
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
