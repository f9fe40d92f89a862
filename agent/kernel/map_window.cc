// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/map_window.h"

#include <sys/mman.h>
#include <unistd.h>

namespace aspis {

Result<MapWindow> MapWindow::open(int map_fd, std::size_t offset, std::size_t bytes,
                                  bool writable) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const std::size_t at = offset % page;
  const std::size_t length = (at + bytes + page - 1) / page * page;
  void* mapped = ::mmap(nullptr, length, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED,
                        map_fd, static_cast<off_t>(offset - at));
  if (mapped == MAP_FAILED) return fail_errno("cannot map the memory of the BPF side");
  return MapWindow(mapped, length, at);
}

MapWindow::~MapWindow() {
  if (mapped_ != nullptr) ::munmap(mapped_, length_);
}

}  // namespace aspis
