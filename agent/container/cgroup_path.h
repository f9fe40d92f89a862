// SPDX-License-Identifier: Apache-2.0
// What the path of a cgroup says of a container: runtimes and kubelet name cgroups by it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "agent/event/container.h"
#include "base/fd.h"
#include "base/result.h"

namespace aspis {

/// The innermost container in the path: "/system.slice/docker-ID.scope", "/docker/ID",
/// "/machine.slice/libpod-ID.scope", "/kubepods/burstable/podUID/ID",
/// "/kubepods.slice/…-podUID.slice/cri-containerd-ID.scope", "…/crio-ID.scope". Nothing: none is.
std::optional<Container> container_in(std::string_view cgroup_path);

/// Paths of cgroups by their ids, which are the inode numbers of their directories
/// (cgroup_get_from_id: kernfs file handles hold just that).
class CgroupPaths {
 public:
  /// `mount`: of cgroup2.
  static Result<CgroupPaths> open(const std::string& mount = "/sys/fs/cgroup");
  /// The path below the mount, with a leading "/". Nothing: there is no such cgroup any more.
  [[nodiscard]] std::optional<std::string> path_of(std::uint64_t id) const;

 private:
  CgroupPaths(Fd mount, std::string prefix)
      : mount_(std::move(mount)), prefix_(std::move(prefix)) {}
  Fd mount_;
  std::string prefix_;
};

}  // namespace aspis
