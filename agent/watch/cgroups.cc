// SPDX-License-Identifier: Apache-2.0
#include "agent/watch/cgroups.h"

#include <signal.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "agent/container/container_value.h"
#include "agent/watch/wall_clock.h"
#include "base/log.h"
#include "bpf/abi/container.h"

namespace aspis {
namespace {

constexpr const char* kMount = "/sys/fs/cgroup";
/// Some runtimes write of some containers nothing at all.
constexpr std::uint64_t kPatience = 2'000'000'000;

/// The inode numbers of all directories below the mount, itself included: ids of cgroups.
std::vector<std::uint64_t> cgroup_ids() {
  std::vector<std::uint64_t> ids;
  const auto add = [&ids](const std::filesystem::path& path) {
    struct stat found{};
    if (::stat(path.c_str(), &found) == 0) ids.push_back(found.st_ino);
  };
  add(kMount);
  std::error_code failure;  // one that goes away meanwhile
  for (auto entry = std::filesystem::recursive_directory_iterator(
           kMount, std::filesystem::directory_options::skip_permission_denied, failure);
       entry != std::filesystem::recursive_directory_iterator(); entry.increment(failure)) {
    std::error_code gone;
    if (entry->is_directory(gone)) add(entry->path());
  }
  return ids;
}

void let_go(const std::vector<std::uint32_t>& held) {
  for (const std::uint32_t pid : held)
    if (::kill(static_cast<pid_t>(pid), SIGCONT) != 0)
      log::debug("process {} cannot be let go: {}", pid, std::strerror(errno));
}

}  // namespace

std::vector<std::size_t> Cgroups::chosen_by(const Container& container) const {
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < selectors_.size(); ++i)
    if (selectors_[i].chooses(
            [&](std::string_view key) { return container_value(container, key); }))
      chosen.push_back(i);
  return chosen;
}

void Cgroups::tell(std::uint64_t cgroup, const Container* container) {
  std::vector<std::uint32_t> scopes;
  std::string left_out;
  if (container != nullptr) {
    for (const std::size_t i : chosen_by(*container)) {
      if (scopes.size() < ASPIS_CONTAINER_SCOPES_MAX)
        scopes.push_back(scopes_ + static_cast<std::uint32_t>(i * sizeof(aspis_scope)));
      else
        left_out += (left_out.empty() ? "" : ", ") + selectors_[i].text();
    }
  }
  if (!left_out.empty())
    log::warn("container {}: more than {} selectors choose it; profiles do not attach by {}",
              container->id, ASPIS_CONTAINER_SCOPES_MAX, left_out);
  const std::uint32_t flags = container != nullptr ? ASPIS_CGROUP_CONTAINER : 0;
  if (const auto put = store_.put(cgroup, flags, generation_, scopes); !put)
    log::error("{}", put.error().text());
}

/// False: more may be known of it soon, and `last` was not set.
bool Cgroups::look(std::uint64_t cgroup, std::uint64_t now, bool last) {
  const auto container = containers_.of(cgroup, now);
  // Without a container it is a path that there is not yet (agent/container/containers.cc).
  const bool open = (!container || selecting()) && containers_.may_learn_more(cgroup);
  if (open && !last) return false;
  if (open && container)
    log::warn(
        "container {}: its runtime has told nothing of it; profiles attach by its id and what its "
        "cgroup says alone",
        container->id);
  tell(cgroup, container.get());
  return true;
}

Result<> Cgroups::prepare(const policy::CompiledPolicy& policy, std::uint32_t generation,
                          std::uint32_t scopes) {
  std::vector<policy::Selector> selectors;
  for (auto& conditions : policy::selectors_of(policy))
    selectors.push_back(TRY(policy::Selector::create(std::move(conditions))));
  selectors_ = std::move(selectors);
  generation_ = generation;
  scopes_ = scopes;
  if (!all_ && !selecting()) return {};
  const std::uint64_t now = boot_time();
  const auto ids = cgroup_ids();
  for (const std::uint64_t id : ids) {
    if (!look(id, now, false)) {
      tell(id, containers_.of(id, now).get());  // by what is known so far; it runs already
      open_.try_emplace(id, Open{now + kPatience, {}});
    }
  }
  if (ids.empty() && !selectors_.empty())
    log::warn("there is no cgroup2 at {}: container=(…) chooses nothing", kMount);
  return {};
}

void Cgroups::close(std::uint64_t cgroup, const Open& open) {
  let_go(open.held);
  open_.erase(cgroup);
}

bool Cgroups::take_note(std::span<const std::byte> record) {
  aspis_cgroup_note note{};
  if (record.size() != sizeof(note)) return false;
  std::memcpy(&note, record.data(), sizeof(note));
  if (note.kind != ASPIS_KIND_CGROUP) return false;
  const std::uint64_t now = boot_time();
  Open& open = open_.try_emplace(note.id, Open{now + kPatience, {}}).first->second;
  if (note.held != 0) open.held.push_back(note.held);
  if (look(note.id, now, now >= open.until)) close(note.id, Open(open));
  return true;
}

void Cgroups::tick(std::uint64_t now) {
  std::vector<std::uint64_t> ids;
  for (const auto& [id, open] : open_) ids.push_back(id);
  for (const std::uint64_t id : ids) {
    const Open open = open_.at(id);
    if (look(id, now, now >= open.until)) close(id, open);
  }
}

}  // namespace aspis
