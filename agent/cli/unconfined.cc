// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/unconfined.h"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/container/cgroup_path.h"
#include "agent/container/container_value.h"
#include "agent/container/runtime_state.h"
#include "policy/tables/container.h"
#include "policy/tables/evaluate.h"
#include "policy/tools/launch_of.h"

namespace aspis {
namespace {

/// What Python runs in a process (its directory in /proc), if Python it is.
std::string launch_at(const std::filesystem::path& process) {
  std::ifstream file(process / "cmdline");
  std::vector<std::string> arguments;
  for (std::string argument; std::getline(file, argument, '\0');) arguments.push_back(argument);
  std::error_code failure;
  const std::string directory = std::filesystem::read_symlink(process / "cwd", failure);
  return policy::launch_of(arguments, directory);
}

/// The container that a process (its directory in /proc) is in.
std::optional<Container> container_at(const std::filesystem::path& process) {
  std::ifstream file(process / "cgroup");
  constexpr std::string_view kUnified = "0::";  // cgroups(7)
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(kUnified)) continue;
    auto container = container_in(std::string_view(line).substr(kUnified.size()));
    if (container) read_runtime_state(*container);
    return container;
  }
  return std::nullopt;
}

class Selectors {
 public:
  static Result<Selectors> create(const policy::CompiledPolicy& policy) {
    Selectors made;
    for (auto& conditions : policy::selectors_of(policy))
      made.selectors_.push_back(TRY(policy::Selector::create(std::move(conditions))));
    return made;
  }

  /// Those that choose the container of a process (its directory in /proc).
  [[nodiscard]] std::vector<std::size_t> choosing(const std::filesystem::path& process) const {
    std::vector<std::size_t> found;
    if (selectors_.empty()) return found;
    const auto container = container_at(process);
    for (std::size_t i = 0; container && i < selectors_.size(); ++i)
      if (selectors_[i].chooses(
              [&](std::string_view key) { return container_value(*container, key); }))
        found.push_back(i);
    return found;
  }

 private:
  std::vector<policy::Selector> selectors_;
};

}  // namespace

Result<std::vector<UnconfinedProcess>> find_unconfined(const Observer& observer,
                                                       const policy::CompiledPolicy& policy) {
  std::vector<UnconfinedProcess> found;
  std::set<std::uint32_t> confined;
  for (const auto& task : TRY(observer.confined_tasks())) confined.insert(task.pid);
  const policy::Image image = TRY(policy::lay_out(policy));
  const Selectors selectors = TRY(Selectors::create(policy));
  std::error_code failure;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", failure)) {
    const std::string name = entry.path().filename();
    std::uint32_t pid = 0;
    if (std::from_chars(name.data(), name.data() + name.size(), pid).ptr !=
        name.data() + name.size())
      continue;
    const std::string exe = std::filesystem::read_symlink(entry.path() / "exe", failure);
    if (exe.empty() || confined.contains(pid)) continue;
    const std::uint16_t id = policy::attached_anywhere(image, selectors.choosing(entry.path()), exe,
                                                       launch_at(entry.path()));
    if (id != 0) found.push_back({pid, exe, image.names[id]});
  }
  return found;
}

}  // namespace aspis
