// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/sysmacros.h>

#include <cstdint>

namespace aspis {

/// The kernel's dev_t (major << 20 | minor) of what stat(2) gives (include/linux/kdev_t.h).
inline std::uint32_t kernel_device(std::uint64_t device) {
  return static_cast<std::uint32_t>(major(device) << 20 | minor(device));
}

}  // namespace aspis
