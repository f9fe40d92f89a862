// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/unconfined.h"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

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

}  // namespace

Result<std::vector<UnconfinedProcess>> find_unconfined(const Observer& observer,
                                                       const policy::CompiledPolicy& policy) {
  std::vector<UnconfinedProcess> found;
  std::set<std::uint32_t> confined;
  for (const auto& task : TRY(observer.confined_tasks())) confined.insert(task.pid);
  const policy::Image image = TRY(policy::lay_out(policy));
  const auto& root = *reinterpret_cast<const aspis_policy_root*>(image.bytes.data() + image.root);
  std::error_code failure;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", failure)) {
    const std::string name = entry.path().filename();
    std::uint32_t pid = 0;
    if (std::from_chars(name.data(), name.data() + name.size(), pid).ptr !=
        name.data() + name.size())
      continue;
    const std::string exe = std::filesystem::read_symlink(entry.path() / "exe", failure);
    if (exe.empty() || confined.contains(pid)) continue;
    const std::uint16_t id = policy::attached_to_launch(image, root.python, root.attachments, exe,
                                                        launch_at(entry.path()));
    if (id != 0) found.push_back({pid, exe, image.names[id]});
  }
  return found;
}

}  // namespace aspis
