// SPDX-License-Identifier: Apache-2.0
// Numbers of the kernel's interfaces by their names. A number without a name is printed as a
// number.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace aspis {

/// Sets in which a number is one name.
enum class Names : std::uint8_t {
  kSignal,      ///< SIGTERM
  kCapability,  ///< CAP_SYS_ADMIN
  kFamily,      ///< inet, inet6, unix: AF_* in small letters
  kSocketType,  ///< stream, dgram: SOCK_* in small letters
  kProtocol,    ///< tcp, udp: IPPROTO_* in small letters
  kBpfCommand,  ///< BPF_PROG_LOAD
  kReading,     ///< READING_MODULE: what the kernel reads a file for
  kLimit,       ///< RLIMIT_NOFILE
  kFileKind,    ///< directory, fifo: S_IFMT of a mode
};

/// Sets in which each bit is a name.
enum class Flags : std::uint8_t {
  kOpen,    ///< O_RDONLY|O_CLOEXEC; without O_LARGEFILE, which every 64-bit open has
  kProt,    ///< PROT_READ|PROT_EXEC
  kMount,   ///< MS_NOSUID|MS_NODEV
  kUmount,  ///< MNT_DETACH
  kPtrace,  ///< PTRACE_MODE_ATTACH|PTRACE_MODE_REALCREDS
};

/// Name of a number; "" when it has none.
std::string_view name_of(Names set, std::uint64_t number);

/// Appends the name, or the number in decimal.
void append_name(std::string& out, Names set, std::uint64_t number);

/// Appends the names of the bits joined by '|', the rest in hex ("O_WRONLY|0x4000000"); "0" when
/// there are none.
void append_flags(std::string& out, Flags set, std::uint64_t bits);

/// Appends a number in decimal, hex ("0x1f") or octal ("0644").
void append_decimal(std::string& out, std::uint64_t number);
void append_hex(std::string& out, std::uint64_t number);
void append_octal(std::string& out, std::uint64_t number);

}  // namespace aspis
