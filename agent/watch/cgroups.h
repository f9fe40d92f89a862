// SPDX-License-Identifier: Apache-2.0
// Which profiles there are in which container: the kernel side is told of each cgroup, before
// anything runs in it where that can be, or who executes a program there waits for it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "agent/container/containers.h"
#include "agent/kernel/cgroup_store.h"
#include "base/result.h"
#include "policy/tables/compiled.h"
#include "policy/tables/container.h"

namespace aspis {

class Cgroups {
 public:
  /// Both must outlive it. `all`: it is asked which cgroups are containers' although no profile
  /// wants to know (abi/guard.h).
  Cgroups(Containers& containers, const CgroupStore& store, bool all)
      : containers_(containers), store_(store), all_(all) {}

  /// A policy is about to be in force: tells of all cgroups what it says of them. `scopes` is where
  /// its aspis_scope[] begins.
  Result<> prepare(const policy::CompiledPolicy& policy, std::uint32_t generation,
                   std::uint32_t scopes);
  /// True: the record was not of an event, but of a cgroup (aspis_cgroup_note).
  bool take_note(std::span<const std::byte> record);
  /// Profiles with container=(…) are in force.
  [[nodiscard]] bool selecting() const { return !selectors_.empty(); }
  /// Time has passed, `now` (ns, CLOCK_BOOTTIME): looks again at containers whose runtime had not
  /// written what it knows of them.
  void tick(std::uint64_t now);

 private:
  /// A container that selectors may choose once more of it is known, and who waits for that.
  struct Open {
    std::uint64_t until = 0;
    std::vector<std::uint32_t> held;
  };
  bool look(std::uint64_t cgroup, std::uint64_t now, bool last);
  void close(std::uint64_t cgroup, const Open& open);
  void tell(std::uint64_t cgroup, const Container* container);
  [[nodiscard]] std::vector<std::size_t> chosen_by(const Container& container) const;

  Containers& containers_;
  const CgroupStore& store_;
  const bool all_;
  std::vector<policy::Selector> selectors_;
  std::uint32_t generation_ = 0, scopes_ = 0;
  std::map<std::uint64_t, Open> open_;
};

}  // namespace aspis
