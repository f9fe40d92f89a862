// SPDX-License-Identifier: Apache-2.0
// The containers of this machine, by the cgroups of their processes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "agent/container/cgroup_path.h"
#include "agent/event/bounded_map.h"
#include "agent/event/container.h"

namespace aspis {

class Containers {
 public:
  Containers();

  /// Of a cgroup by its id; null: it is in no container. What has been found is remembered, also
  /// after the cgroup has gone. A container whose runtime has not written its files yet is looked
  /// at again. `now`: ns, CLOCK_BOOTTIME.
  std::shared_ptr<const Container> of(std::uint64_t cgroup, std::uint64_t now);
  /// Its runtime may yet write files of it, and of() will look again.
  [[nodiscard]] bool may_learn_more(std::uint64_t cgroup);

 private:
  struct Entry {
    std::shared_ptr<const Container> container;
    std::uint64_t again = 0;  ///< when to look again; 0: all is known, or there is nothing
    unsigned tries = 0;
  };
  void look(std::uint64_t cgroup, Entry& entry, std::uint64_t now) const;

  std::unique_ptr<CgroupPaths> paths_;
  BoundedMap<std::uint64_t, Entry> known_;
};

}  // namespace aspis
