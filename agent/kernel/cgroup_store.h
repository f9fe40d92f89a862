// SPDX-License-Identifier: Apache-2.0
// What the kernel side is told of cgroups (bpf/abi/container.h).
#pragma once

#include <cstdint>
#include <span>

#include "base/result.h"

namespace aspis {

class CgroupStore {
 public:
  /// The map `cgroups`. Without it there is nobody to tell.
  void open(int map_fd) { map_fd_ = map_fd; }

  /// `flags`: ASPIS_CGROUP_*. `scopes`: of the policy of this generation; what is known under the
  /// other one stays. At most ASPIS_CONTAINER_SCOPES_MAX.
  [[nodiscard]] Result<> put(std::uint64_t cgroup, std::uint32_t flags, std::uint32_t generation,
                             std::span<const std::uint32_t> scopes) const;

 private:
  int map_fd_ = -1;
};

}  // namespace aspis
