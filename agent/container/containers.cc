// SPDX-License-Identifier: Apache-2.0
#include "agent/container/containers.h"

#include "agent/container/runtime_state.h"

namespace aspis {
namespace {

constexpr std::size_t kKnownMax = 8192;
constexpr std::uint64_t kAgain = 100'000'000;  // ns
constexpr std::uint64_t kPathAgain = 1'000'000;
constexpr unsigned kPathTriesMax = 20;
constexpr unsigned kTriesMax = 50;  // some runtimes never write any

}  // namespace

Containers::Containers() : known_(kKnownMax) {
  if (auto paths = CgroupPaths::open()) paths_ = std::make_unique<CgroupPaths>(std::move(*paths));
}

void Containers::look(std::uint64_t cgroup, Entry& entry, std::uint64_t now) const {
  const auto path = paths_->path_of(cgroup);
  if (!path) {  // gone, what is known stays; or (cgroup_mkdir) not to be found yet
    entry.again = entry.container || ++entry.tries >= kPathTriesMax ? 0 : now + kPathAgain;
    return;
  }
  auto found = container_in(*path);
  if (!found) found = containerd_task_in(*path);
  if (!found) {
    entry.again = 0;
    return;
  }
  read_runtime_state(*found);
  const bool whole = !found->name.empty() || !found->image.empty();
  entry.again = whole || ++entry.tries >= kTriesMax ? 0 : now + kAgain;
  entry.container = std::make_shared<const Container>(std::move(*found));
}

std::shared_ptr<const Container> Containers::of(std::uint64_t cgroup, std::uint64_t now) {
  if (!paths_ || cgroup == 0) return nullptr;
  Entry* entry = known_.find(cgroup);
  const bool fresh = entry == nullptr;
  if (fresh) entry = &known_.insert(cgroup, {});
  if (fresh || (entry->again != 0 && now >= entry->again)) look(cgroup, *entry, now);
  return entry->container;
}

bool Containers::may_learn_more(std::uint64_t cgroup) {
  const Entry* entry = known_.find(cgroup);
  return entry != nullptr && entry->again != 0;
}

}  // namespace aspis
