// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/own_files.h"

#include <filesystem>

#include "probes/hook/config.h"

namespace aspis {
namespace {

namespace fs = std::filesystem;
using Extent = GuardedPlace::Extent;

void add(std::vector<GuardedPlace>& places, const std::string& path,
         Extent extent = Extent::kFile) {
  if (path.empty()) return;
  std::error_code failure;
  auto absolute = fs::absolute(path, failure).lexically_normal();
  if (!absolute.has_filename()) absolute = absolute.parent_path();  // "profiles/"
  if (failure || absolute == absolute.root_path()) return;          // nobody could write anywhere
  if (extent == Extent::kFile && fs::is_directory(absolute, failure)) extent = Extent::kTree;
  places.push_back({absolute.string(), extent});
}

}  // namespace

std::vector<GuardedPlace> own_files(const AgentConfig& config, const std::string& config_file) {
  std::vector<GuardedPlace> places;
  std::error_code failure;
  add(places, fs::read_symlink("/proc/self/exe", failure).string());
  add(places, config_file);
  add(places, drop_ins_of(config_file), Extent::kTree);
  for (const auto& path : config.profiles) add(places, path);
  for (const auto& path : config.include) add(places, path, Extent::kTree);
  add(places, config.base, Extent::kTree);
  add(places, config.hook_config.empty() ? HOOK_CONFIG_FILE : config.hook_config);
  add(places, config.state, Extent::kTree);
  add(places, config.socket_path);
  if (config.metrics.starts_with('/')) add(places, config.metrics);
  for (const OutputConfig& output : config.outputs) {
    add(places, output.path, Extent::kParts);
    add(places, output.seal_key);
    add(places, output.body);
    add(places, output.ca);
  }
  return places;
}

}  // namespace aspis
