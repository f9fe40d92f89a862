// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/uprobe.h"

#include <bpf/bpf.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fstream>

namespace aspis {
namespace {

/// perf_event_attr.config of events of this type: format/retprobe is "config:0",
/// format/ref_ctr_offset "config:32-63".
constexpr std::uint64_t kReturnProbe = 1;
constexpr unsigned kSemaphoreShift = 32;

/// The number that the kernel has given to this type of perf event; 0: it has none.
std::uint32_t uprobe_type() {
  static const std::uint32_t type = [] {
    std::uint32_t number = 0;
    std::ifstream("/sys/bus/event_source/devices/uprobe/type") >> number;
    return number;
  }();
  return type;
}

}  // namespace

Result<Fd> attach_uprobe(int program_fd, const UprobePlace& place, std::uint64_t cookie) {
  if (uprobe_type() == 0)
    return fail("the kernel has no uprobes (/sys/bus/event_source/devices/uprobe is not there)");
  if (place.semaphore >> 32 != 0) return fail("the semaphore is beyond four gigabytes");
  perf_event_attr attributes{};
  attributes.size = sizeof(attributes);
  attributes.type = uprobe_type();
  attributes.config = (place.at_return ? kReturnProbe : 0) | place.semaphore << kSemaphoreShift;
  attributes.config1 = reinterpret_cast<std::uintptr_t>(place.path.c_str());
  attributes.config2 = place.offset;
  // Of every process, which the processor number has no part in.
  const Fd event(static_cast<int>(
      ::syscall(SYS_perf_event_open, &attributes, -1, 0, -1, PERF_FLAG_FD_CLOEXEC)));
  if (!event.valid()) return fail_errno("cannot place a probe");
  LIBBPF_OPTS(bpf_link_create_opts, options, .perf_event = {.bpf_cookie = cookie});
  Fd link(bpf_link_create(program_fd, event.get(), BPF_PERF_EVENT, &options));
  if (!link.valid()) return fail_errno("cannot link a program to a probe");
  if (::ioctl(event.get(), PERF_EVENT_IOC_ENABLE, 0) != 0)
    return fail_errno("cannot enable a probe");
  return link;
}

}  // namespace aspis
