// SPDX-License-Identifier: Apache-2.0
// The tables behind names.h. Included by names.cc only, and by the generator of docs/events.md.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <cstdint>
#include <string_view>

namespace aspis {

struct NamedNumber {
  std::uint64_t number;
  std::string_view name;
};

inline constexpr std::uint64_t kFirstRealTimeSignal = 34;  ///< SIGRTMIN of glibc
inline constexpr std::uint64_t kLastSignal = 64;

inline constexpr NamedNumber kSignals[] = {
    {1, "SIGHUP"},     {2, "SIGINT"},    {3, "SIGQUIT"},   {4, "SIGILL"},   {5, "SIGTRAP"},
    {6, "SIGABRT"},    {7, "SIGBUS"},    {8, "SIGFPE"},    {9, "SIGKILL"},  {10, "SIGUSR1"},
    {11, "SIGSEGV"},   {12, "SIGUSR2"},  {13, "SIGPIPE"},  {14, "SIGALRM"}, {15, "SIGTERM"},
    {16, "SIGSTKFLT"}, {17, "SIGCHLD"},  {18, "SIGCONT"},  {19, "SIGSTOP"}, {20, "SIGTSTP"},
    {21, "SIGTTIN"},   {22, "SIGTTOU"},  {23, "SIGURG"},   {24, "SIGXCPU"}, {25, "SIGXFSZ"},
    {26, "SIGVTALRM"}, {27, "SIGPROF"},  {28, "SIGWINCH"}, {29, "SIGIO"},   {30, "SIGPWR"},
    {31, "SIGSYS"},    {34, "SIGRTMIN"}, {64, "SIGRTMAX"},
};

inline constexpr NamedNumber kCapabilities[] = {
    {0, "CAP_CHOWN"},
    {1, "CAP_DAC_OVERRIDE"},
    {2, "CAP_DAC_READ_SEARCH"},
    {3, "CAP_FOWNER"},
    {4, "CAP_FSETID"},
    {5, "CAP_KILL"},
    {6, "CAP_SETGID"},
    {7, "CAP_SETUID"},
    {8, "CAP_SETPCAP"},
    {9, "CAP_LINUX_IMMUTABLE"},
    {10, "CAP_NET_BIND_SERVICE"},
    {11, "CAP_NET_BROADCAST"},
    {12, "CAP_NET_ADMIN"},
    {13, "CAP_NET_RAW"},
    {14, "CAP_IPC_LOCK"},
    {15, "CAP_IPC_OWNER"},
    {16, "CAP_SYS_MODULE"},
    {17, "CAP_SYS_RAWIO"},
    {18, "CAP_SYS_CHROOT"},
    {19, "CAP_SYS_PTRACE"},
    {20, "CAP_SYS_PACCT"},
    {21, "CAP_SYS_ADMIN"},
    {22, "CAP_SYS_BOOT"},
    {23, "CAP_SYS_NICE"},
    {24, "CAP_SYS_RESOURCE"},
    {25, "CAP_SYS_TIME"},
    {26, "CAP_SYS_TTY_CONFIG"},
    {27, "CAP_MKNOD"},
    {28, "CAP_LEASE"},
    {29, "CAP_AUDIT_WRITE"},
    {30, "CAP_AUDIT_CONTROL"},
    {31, "CAP_SETFCAP"},
    {32, "CAP_MAC_OVERRIDE"},
    {33, "CAP_MAC_ADMIN"},
    {34, "CAP_SYSLOG"},
    {35, "CAP_WAKE_ALARM"},
    {36, "CAP_BLOCK_SUSPEND"},
    {37, "CAP_AUDIT_READ"},
    {38, "CAP_PERFMON"},
    {39, "CAP_BPF"},
    {40, "CAP_CHECKPOINT_RESTORE"},
};

inline constexpr NamedNumber kFamilies[] = {
    {0, "unspec"},    {1, "unix"},        {2, "inet"},     {3, "ax25"},     {4, "ipx"},
    {5, "appletalk"}, {6, "netrom"},      {7, "bridge"},   {8, "atmpvc"},   {9, "x25"},
    {10, "inet6"},    {11, "rose"},       {12, "decnet"},  {13, "netbeui"}, {14, "security"},
    {15, "key"},      {16, "netlink"},    {17, "packet"},  {18, "ash"},     {19, "econet"},
    {20, "atmsvc"},   {21, "rds"},        {22, "sna"},     {23, "irda"},    {24, "pppox"},
    {25, "wanpipe"},  {26, "llc"},        {27, "ib"},      {28, "mpls"},    {29, "can"},
    {30, "tipc"},     {31, "bluetooth"},  {32, "iucv"},    {33, "rxrpc"},   {34, "isdn"},
    {35, "phonet"},   {36, "ieee802154"}, {37, "caif"},    {38, "alg"},     {39, "nfc"},
    {40, "vsock"},    {41, "kcm"},        {42, "qipcrtr"}, {43, "smc"},     {44, "xdp"},
    {45, "mctp"},
};

inline constexpr NamedNumber kSocketTypes[] = {
    {1, "stream"},    {2, "dgram"}, {3, "raw"},     {4, "rdm"},
    {5, "seqpacket"}, {6, "dccp"},  {10, "packet"},
};

/// Of the inet and inet6 families. 0 is "the default for the type" and has no row.
inline constexpr NamedNumber kProtocols[] = {
    {1, "icmp"},       {2, "igmp"},   {4, "ipip"},    {6, "tcp"},       {8, "egp"},
    {12, "pup"},       {17, "udp"},   {22, "idp"},    {29, "tp"},       {33, "dccp"},
    {41, "ipv6"},      {46, "rsvp"},  {47, "gre"},    {50, "esp"},      {51, "ah"},
    {58, "icmpv6"},    {92, "mtp"},   {94, "beetph"}, {98, "encap"},    {103, "pim"},
    {108, "comp"},     {115, "l2tp"}, {132, "sctp"},  {136, "udplite"}, {137, "mpls"},
    {143, "ethernet"}, {255, "raw"},  {262, "mptcp"},
};

inline constexpr NamedNumber kBpfCommands[] = {
    {0, "BPF_MAP_CREATE"},
    {1, "BPF_MAP_LOOKUP_ELEM"},
    {2, "BPF_MAP_UPDATE_ELEM"},
    {3, "BPF_MAP_DELETE_ELEM"},
    {4, "BPF_MAP_GET_NEXT_KEY"},
    {5, "BPF_PROG_LOAD"},
    {6, "BPF_OBJ_PIN"},
    {7, "BPF_OBJ_GET"},
    {8, "BPF_PROG_ATTACH"},
    {9, "BPF_PROG_DETACH"},
    {10, "BPF_PROG_TEST_RUN"},
    {11, "BPF_PROG_GET_NEXT_ID"},
    {12, "BPF_MAP_GET_NEXT_ID"},
    {13, "BPF_PROG_GET_FD_BY_ID"},
    {14, "BPF_MAP_GET_FD_BY_ID"},
    {15, "BPF_OBJ_GET_INFO_BY_FD"},
    {16, "BPF_PROG_QUERY"},
    {17, "BPF_RAW_TRACEPOINT_OPEN"},
    {18, "BPF_BTF_LOAD"},
    {19, "BPF_BTF_GET_FD_BY_ID"},
    {20, "BPF_TASK_FD_QUERY"},
    {21, "BPF_MAP_LOOKUP_AND_DELETE_ELEM"},
    {22, "BPF_MAP_FREEZE"},
    {23, "BPF_BTF_GET_NEXT_ID"},
    {24, "BPF_MAP_LOOKUP_BATCH"},
    {25, "BPF_MAP_LOOKUP_AND_DELETE_BATCH"},
    {26, "BPF_MAP_UPDATE_BATCH"},
    {27, "BPF_MAP_DELETE_BATCH"},
    {28, "BPF_LINK_CREATE"},
    {29, "BPF_LINK_UPDATE"},
    {30, "BPF_LINK_GET_FD_BY_ID"},
    {31, "BPF_LINK_GET_NEXT_ID"},
    {32, "BPF_ENABLE_STATS"},
    {33, "BPF_ITER_CREATE"},
    {34, "BPF_LINK_DETACH"},
    {35, "BPF_PROG_BIND_MAP"},
    {36, "BPF_TOKEN_CREATE"},
    {37, "BPF_PROG_STREAM_READ_BY_FD"},
};

inline constexpr NamedNumber kLimits[] = {
    {0, "RLIMIT_CPU"},       {1, "RLIMIT_FSIZE"}, {2, "RLIMIT_DATA"},    {3, "RLIMIT_STACK"},
    {4, "RLIMIT_CORE"},      {5, "RLIMIT_RSS"},   {6, "RLIMIT_NPROC"},   {7, "RLIMIT_NOFILE"},
    {8, "RLIMIT_MEMLOCK"},   {9, "RLIMIT_AS"},    {10, "RLIMIT_LOCKS"},  {11, "RLIMIT_SIGPENDING"},
    {12, "RLIMIT_MSGQUEUE"}, {13, "RLIMIT_NICE"}, {14, "RLIMIT_RTPRIO"}, {15, "RLIMIT_RTTIME"},
};

/// enum kernel_read_file_id.
inline constexpr NamedNumber kReadings[] = {
    {0, "READING_UNKNOWN"},          {1, "READING_FIRMWARE"},        {2, "READING_MODULE"},
    {3, "READING_KEXEC_IMAGE"},      {4, "READING_KEXEC_INITRAMFS"}, {5, "READING_POLICY"},
    {6, "READING_X509_CERTIFICATE"},
};

inline constexpr NamedNumber kFileKinds[] = {
    {S_IFREG, "regular"}, {S_IFDIR, "directory"}, {S_IFLNK, "symlink"}, {S_IFCHR, "character"},
    {S_IFBLK, "block"},   {S_IFIFO, "fifo"},      {S_IFSOCK, "socket"},
};

/// O_LARGEFILE as the kernel keeps it in every 64-bit open; 0 in the headers of a 64-bit libc.
#ifdef __aarch64__
inline constexpr std::uint64_t kLargeFile = 0400000;
#else
inline constexpr std::uint64_t kLargeFile = 0100000;
#endif

/// Names of several bits come before the names of some of them.
inline constexpr NamedNumber kOpenFlags[] = {
    {O_RDONLY, "O_RDONLY"},     {O_WRONLY, "O_WRONLY"},   {O_RDWR, "O_RDWR"},
    {O_CREAT, "O_CREAT"},       {O_EXCL, "O_EXCL"},       {O_NOCTTY, "O_NOCTTY"},
    {O_TRUNC, "O_TRUNC"},       {O_APPEND, "O_APPEND"},   {O_NONBLOCK, "O_NONBLOCK"},
    {O_SYNC, "O_SYNC"},         {O_DSYNC, "O_DSYNC"},     {O_ASYNC, "O_ASYNC"},
    {O_DIRECT, "O_DIRECT"},     {O_TMPFILE, "O_TMPFILE"}, {O_DIRECTORY, "O_DIRECTORY"},
    {O_NOFOLLOW, "O_NOFOLLOW"}, {O_NOATIME, "O_NOATIME"}, {O_CLOEXEC, "O_CLOEXEC"},
    {O_PATH, "O_PATH"},         {0x20, "FMODE_EXEC"},
};

inline constexpr NamedNumber kProtFlags[] = {
    {PROT_READ, "PROT_READ"},           {PROT_WRITE, "PROT_WRITE"},     {PROT_EXEC, "PROT_EXEC"},
    {PROT_GROWSDOWN, "PROT_GROWSDOWN"}, {PROT_GROWSUP, "PROT_GROWSUP"},
};

inline constexpr NamedNumber kMountFlags[] = {
    {1u << 0, "MS_RDONLY"},     {1u << 1, "MS_NOSUID"},      {1u << 2, "MS_NODEV"},
    {1u << 3, "MS_NOEXEC"},     {1u << 4, "MS_SYNCHRONOUS"}, {1u << 5, "MS_REMOUNT"},
    {1u << 6, "MS_MANDLOCK"},   {1u << 7, "MS_DIRSYNC"},     {1u << 8, "MS_NOSYMFOLLOW"},
    {1u << 10, "MS_NOATIME"},   {1u << 11, "MS_NODIRATIME"}, {1u << 12, "MS_BIND"},
    {1u << 13, "MS_MOVE"},      {1u << 14, "MS_REC"},        {1u << 15, "MS_SILENT"},
    {1u << 16, "MS_POSIXACL"},  {1u << 17, "MS_UNBINDABLE"}, {1u << 18, "MS_PRIVATE"},
    {1u << 19, "MS_SLAVE"},     {1u << 20, "MS_SHARED"},     {1u << 21, "MS_RELATIME"},
    {1u << 22, "MS_KERNMOUNT"}, {1u << 23, "MS_I_VERSION"},  {1u << 24, "MS_STRICTATIME"},
    {1u << 25, "MS_LAZYTIME"},
};

inline constexpr NamedNumber kUmountFlags[] = {
    {1, "MNT_FORCE"},
    {2, "MNT_DETACH"},
    {4, "MNT_EXPIRE"},
    {8, "UMOUNT_NOFOLLOW"},
};

/// include/linux/ptrace.h of the kernel.
inline constexpr NamedNumber kPtraceFlags[] = {
    {1, "PTRACE_MODE_READ"},    {2, "PTRACE_MODE_ATTACH"},     {4, "PTRACE_MODE_NOAUDIT"},
    {8, "PTRACE_MODE_FSCREDS"}, {16, "PTRACE_MODE_REALCREDS"},
};

}  // namespace aspis
