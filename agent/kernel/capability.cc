// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/capability.h"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstdint>

namespace aspis {
namespace {

struct Wanted {
  unsigned number;
  const char* name;
  bool admin_will_do;
};

constexpr std::array kWanted = {Wanted{CAP_BPF, "CAP_BPF", true},
                                Wanted{CAP_PERFMON, "CAP_PERFMON", true},
                                Wanted{CAP_SYS_PTRACE, "CAP_SYS_PTRACE", false}};

std::uint64_t effective_capabilities() {
  __user_cap_header_struct header{};
  header.version = _LINUX_CAPABILITY_VERSION_3;
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> data{};
  if (::syscall(SYS_capget, &header, data.data()) != 0) return 0;
  return data[0].effective | static_cast<std::uint64_t>(data[1].effective) << 32;
}

}  // namespace

std::vector<std::string> missing_capabilities() {
  const std::uint64_t have = effective_capabilities();
  const bool admin = (have >> CAP_SYS_ADMIN & 1) != 0;
  std::vector<std::string> missing;
  for (const auto& wanted : kWanted)
    if ((have >> wanted.number & 1) == 0 && !(admin && wanted.admin_will_do))
      missing.emplace_back(wanted.name);
  return missing;
}

Result<> require_capabilities() {
  const auto missing = missing_capabilities();
  if (missing.empty()) return {};
  std::string names;
  for (const auto& name : missing) names += (names.empty() ? "" : ", ") + name;
  return fail("this needs " + names + ", which " +
              (::geteuid() == 0
                   ? "root does not have here (a container? add the capabilities to it)"
                   : "this user does not have (run it as root)"));
}

}  // namespace aspis
