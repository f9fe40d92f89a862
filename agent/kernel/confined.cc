// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/confined.h"

#include <cstring>

#include "bpf/abi/task.h"

namespace aspis {

Result<std::vector<Confined>> confined_tasks(const KernelSide& side) {
  const std::vector<std::byte> written = TRY(side.walk_tasks("list_domains"));
  std::vector<Confined> tasks;
  for (std::size_t at = 0; at + sizeof(aspis_task_domain) <= written.size();
       at += sizeof(aspis_task_domain)) {
    aspis_task_domain row{};
    std::memcpy(&row, written.data() + at, sizeof(row));
    Confined task{row.pid, row.tid, {}};
    for (const std::uint16_t id : row.domain.profiles)
      if (id != 0) task.profiles.push_back(id);
    tasks.push_back(std::move(task));
  }
  return tasks;
}

}  // namespace aspis
