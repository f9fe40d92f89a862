// SPDX-License-Identifier: Apache-2.0
#include "agent/output/names.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/socket.h>

#include <cstring>

namespace aspis {
namespace {

std::string name(Names set, std::uint64_t number) {
  std::string out;
  append_name(out, set, number);
  return out;
}

std::string flags(Flags set, std::uint64_t bits) {
  std::string out;
  append_flags(out, set, bits);
  return out;
}

TEST(Names, AgreeWithTheHeaders) {
  EXPECT_EQ(name(Names::kCapability, CAP_SYS_ADMIN), "CAP_SYS_ADMIN");
  EXPECT_EQ(name(Names::kCapability, CAP_CHECKPOINT_RESTORE), "CAP_CHECKPOINT_RESTORE");
  EXPECT_EQ(name(Names::kCapability, CAP_BPF), "CAP_BPF");
  EXPECT_EQ(name(Names::kFamily, AF_UNIX), "unix");
  EXPECT_EQ(name(Names::kFamily, AF_INET6), "inet6");
  EXPECT_EQ(name(Names::kFamily, AF_NETLINK), "netlink");
  EXPECT_EQ(name(Names::kFamily, AF_ALG), "alg");
  EXPECT_EQ(name(Names::kFamily, AF_VSOCK), "vsock");
  EXPECT_EQ(name(Names::kFamily, AF_XDP), "xdp");
  EXPECT_EQ(name(Names::kSocketType, SOCK_SEQPACKET), "seqpacket");
  EXPECT_EQ(name(Names::kBpfCommand, BPF_PROG_LOAD), "BPF_PROG_LOAD");
  EXPECT_EQ(name(Names::kBpfCommand, BPF_LINK_CREATE), "BPF_LINK_CREATE");
  EXPECT_EQ(name(Names::kBpfCommand, BPF_PROG_BIND_MAP), "BPF_PROG_BIND_MAP");
}

TEST(Names, AgreeWithTheSignalsOfTheLibrary) {
  for (int signal = 1; signal < 32; ++signal) {
    if (signal == SIGIO) continue;  // SIGPOLL there, SIGIO in kill(1) and in AppArmor
    const char* expected = sigabbrev_np(signal);
    ASSERT_NE(expected, nullptr);
    EXPECT_EQ(name(Names::kSignal, static_cast<unsigned>(signal)), "SIG" + std::string(expected));
  }
  EXPECT_EQ(name(Names::kSignal, SIGIO), "SIGIO");
  EXPECT_EQ(name(Names::kSignal, 34), "SIGRTMIN");
  EXPECT_EQ(name(Names::kSignal, 37), "SIGRTMIN+3");
  EXPECT_EQ(name(Names::kSignal, 64), "SIGRTMAX");
  EXPECT_EQ(name(Names::kSignal, 32), "32");
  EXPECT_EQ(name(Names::kSignal, 65), "65");
}

TEST(Names, UnknownNumbersAreKept) {
  EXPECT_EQ(name(Names::kCapability, 63), "63");
  EXPECT_EQ(name(Names::kFamily, 999), "999");
  EXPECT_EQ(name(Names::kReading, 4000000000), "4000000000");
  EXPECT_EQ(name_of(Names::kFamily, 999), "");
}

TEST(Names, OpenFlags) {
  EXPECT_EQ(flags(Flags::kOpen, O_RDONLY), "O_RDONLY");
  EXPECT_EQ(flags(Flags::kOpen, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC),
            "O_WRONLY|O_CREAT|O_TRUNC|O_CLOEXEC");
  EXPECT_EQ(flags(Flags::kOpen, O_RDWR | O_SYNC), "O_RDWR|O_SYNC");
  EXPECT_EQ(flags(Flags::kOpen, O_RDWR | O_DSYNC), "O_RDWR|O_DSYNC");
  EXPECT_EQ(flags(Flags::kOpen, O_RDWR | O_TMPFILE), "O_RDWR|O_TMPFILE");
  EXPECT_EQ(flags(Flags::kOpen, O_RDONLY | O_DIRECTORY), "O_RDONLY|O_DIRECTORY");
  EXPECT_EQ(flags(Flags::kOpen, O_ACCMODE), "0x3");
  EXPECT_EQ(flags(Flags::kOpen, O_WRONLY | 0x40000000), "O_WRONLY|0x40000000");
#ifdef __x86_64__
  EXPECT_EQ(flags(Flags::kOpen, O_RDONLY | 0100000), "O_RDONLY");
#endif
}

TEST(Names, OtherFlags) {
  EXPECT_EQ(flags(Flags::kProt, 5), "PROT_READ|PROT_EXEC");
  EXPECT_EQ(flags(Flags::kProt, 0), "0");
  EXPECT_EQ(flags(Flags::kMount, 0x100000 | 4096 | 0x100000000), "MS_BIND|MS_SHARED|0x100000000");
  EXPECT_EQ(flags(Flags::kUmount, 2), "MNT_DETACH");
  EXPECT_EQ(flags(Flags::kPtrace, 0x12), "PTRACE_MODE_ATTACH|PTRACE_MODE_REALCREDS");
}

TEST(Names, Numbers) {
  std::string out;
  for (unsigned mode : {0U, 07U, 0644U, 04755U}) {
    append_octal(out, mode);
    out += ' ';
  }
  EXPECT_EQ(out, "0000 0007 0644 04755 ");
}

}  // namespace
}  // namespace aspis
