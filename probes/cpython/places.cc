// SPDX-License-Identifier: Apache-2.0
// Where interpreters are looked for: standard places, a loader's search path, a process's memory.
#include <glob.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "probes/cpython/find.h"
#include "probes/elf/mappings.h"

namespace aspis::cpython {
namespace {

constexpr const char* kLibraryDirectories[] = {"/usr/local/lib",
                                               "/usr/local/lib64",
                                               "/usr/lib/x86_64-linux-gnu",
                                               "/usr/lib64",
                                               "/usr/lib",
                                               "/lib/x86_64-linux-gnu",
                                               "/lib64",
                                               "/lib"};

std::string resolved(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr),
                                                         &std::free);
  return real ? std::string(real.get()) : std::string();
}

std::vector<std::string> matches(const std::string& pattern) {
  glob_t found{};
  std::vector<std::string> paths;
  if (::glob(pattern.c_str(), GLOB_NOSORT, nullptr, &found) == 0) {
    paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  }
  ::globfree(&found);
  std::sort(paths.begin(), paths.end());
  return paths;
}

bool known(const std::vector<Interpreter>& list, const Interpreter& one) {
  return std::any_of(list.begin(), list.end(), [&](const Interpreter& other) {
    return other.device == one.device && other.inode == one.inode;
  });
}

void add_file(std::vector<Interpreter>& list, const std::string& path, const std::string& root) {
  const std::string real = resolved(path);
  if (real.empty()) return;
  auto found = inspect(real).value_or(std::nullopt);
  if (!found) return;
  Interpreter& interpreter = *found;
  if (real.starts_with(root)) interpreter.shown = real.substr(root.size());
  if (!interpreter.library.empty()) {
    const auto library = find_library(interpreter, root);
    if (library) add_file(list, *library, root);
    return;
  }
  if (!known(list, interpreter)) list.push_back(std::move(interpreter));
}

// As /proc/PID/map_files names it.
std::string map_file_name(const elf::Mapping& mapping) {
  char name[40];
  std::snprintf(name, sizeof(name), "%" PRIx64 "-%" PRIx64, mapping.begin, mapping.end);
  return name;
}

// A mapped file by its mapping (works when deleted; needs CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE),
// else by its name.
std::optional<Interpreter> inspect_mapping(const std::string& proc, const elf::Mapping& mapping) {
  for (const std::string& path :
       {proc + "/map_files/" + map_file_name(mapping), proc + "/root" + mapping.path}) {
    auto found = inspect(path);
    if (!found) continue;
    if (found->has_value()) (*found)->shown = mapping.path;
    return std::move(*found);
  }
  return std::nullopt;
}

std::string replace_origin(std::string directory, std::string_view origin) {
  for (const std::string_view name : {"${ORIGIN}", "$ORIGIN"}) {
    const std::size_t at = directory.find(name);
    if (at != std::string::npos) directory.replace(at, name.size(), origin);
  }
  return directory;
}

}  // namespace

std::optional<std::string> find_library(const Interpreter& launcher, const std::string& root) {
  if (launcher.library.empty() || launcher.library.find('/') != std::string::npos) return {};
  const std::string_view shown = launcher.shown;
  const std::size_t slash = shown.rfind('/');
  const std::string_view origin = slash == std::string_view::npos ? "." : shown.substr(0, slash);
  std::vector<std::string> directories;
  for (std::size_t at = 0; at < launcher.runpath.size();) {
    const std::size_t end = std::min(launcher.runpath.find(':', at), launcher.runpath.size());
    directories.push_back(replace_origin(launcher.runpath.substr(at, end - at), origin));
    at = end + 1;
  }
  for (const char* directory : kLibraryDirectories) directories.emplace_back(directory);
  for (const std::string& directory : directories) {
    std::string path = root + directory + "/" + launcher.library;
    if (::access(path.c_str(), R_OK) == 0) return path;
  }
  return std::nullopt;
}

std::vector<Interpreter> candidates(const std::string& root) {
  std::vector<Interpreter> list;
  for (const char* pattern : {"/usr/bin/python3*", "/usr/local/bin/python3*"}) {
    for (const std::string& path : matches(root + pattern)) add_file(list, path, root);
  }
  for (const char* directory : kLibraryDirectories) {
    for (const std::string& path : matches(root + directory + "/libpython3*.so*")) {
      add_file(list, path, root);
    }
  }
  return list;
}

Result<std::vector<Interpreter>> inspect_process(pid_t pid, MappedFiles* seen) {
  const std::string proc = "/proc/" + std::to_string(pid);
  std::vector<Interpreter> list;
  MappedFiles own;
  MappedFiles& files = seen == nullptr ? own : *seen;
  for (const elf::Mapping& mapping : TRY(elf::mappings_of(pid))) {
    if (!mapping.allows('x')) continue;
    const auto [entry, fresh] = files.try_emplace({mapping.device, mapping.inode});
    if (fresh) entry->second = inspect_mapping(proc, mapping);
    const auto& found = entry->second;
    if (found && found->library.empty() && !known(list, *found)) list.push_back(*found);
  }
  return list;
}

}  // namespace aspis::cpython
