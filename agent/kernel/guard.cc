// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/guard.h"

#include <bpf/bpf.h>
#include <sys/stat.h>

#include "agent/kernel/kernel_device.h"
#include "bpf/abi/guard.h"

namespace aspis {
namespace {

template <class Info>
Result<> add(int map, aspis_tamper kind, const NamedFds& fds, __u32 Info::* id) {
  for (const auto& [name, fd] : fds) {
    Info info{};
    __u32 size = sizeof(info);
    if (bpf_obj_get_info_by_fd(fd.get(), &info, &size) != 0)
      return fail_errno("cannot ask the kernel for " + name);
    const aspis_guarded_object key{static_cast<__u32>(kind), info.*id};
    const __u32 value = 1;
    if (bpf_map_update_elem(map, &key, &value, BPF_ANY) != 0)
      return fail_errno("cannot protect " + name);
  }
  return {};
}

}  // namespace

Result<> guard(const KernelSide& side, const Pins* pins, aspis_exe_key& guarded_pins) {
  const int map = side.map("guarded_objects");
  TRYV(add(map, ASPIS_TAMPER_MAP, side.fds().maps, &bpf_map_info::id));
  TRYV(add(map, ASPIS_TAMPER_PROGRAM, side.fds().programs, &bpf_prog_info::id));
  TRYV(add(map, ASPIS_TAMPER_LINK, side.fds().links, &bpf_link_info::id));
  if (pins == nullptr) return {};
  struct stat found{};
  if (::stat(pins->directory().c_str(), &found) != 0)
    return fail_errno("cannot look at " + pins->directory());
  guarded_pins.dev = kernel_device(found.st_dev);
  __atomic_store_n(&guarded_pins.ino, found.st_ino, __ATOMIC_RELEASE);
  return {};
}

}  // namespace aspis
