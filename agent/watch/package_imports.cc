// SPDX-License-Identifier: Apache-2.0
#include "agent/watch/package_imports.h"

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "policy/language/package_name.h"
#include "probes/cpython/file_tree.h"
#include "probes/cpython/site_directory.h"

namespace aspis {
namespace {

constexpr std::size_t kNamesMax = 4096;        // in one directory
constexpr std::size_t kMetadataMax = 1 << 20;  // bytes of RECORD

bool is_python(std::string_view name) {
  return name.starts_with("python3");
}

bool is_metadata(std::string_view name) {
  return name.ends_with(".dist-info") || name.ends_with(".egg-info");
}

/// Private ones ("_yaml") too; not what RECORD has of other places ("../../bin/x").
bool is_import(std::string_view name) {
  return !name.empty() && name.front() != '.' &&
         name.find_first_of("/ ") == std::string_view::npos && name != "__pycache__";
}

/// Where packages are installed to.
std::vector<std::string> site_directories(const cpython::FileTree& tree) {
  std::vector<std::string> roots = {"/usr/lib", "/usr/local/lib"};
  if (const char* environment = std::getenv("VIRTUAL_ENV"); environment != nullptr)
    roots.push_back(std::string(environment) + "/lib");
  std::vector<std::string> found;
  for (const std::string& root : roots)
    for (const std::string& version : tree.list(root, is_python, kNamesMax))
      for (const char* name : {"/dist-packages", "/site-packages"})
        if (std::string site = root + "/" + version + name; tree.is_directory(site))
          found.push_back(std::move(site));
  return found;
}

/// What a path of RECORD begins with: "yaml" of "yaml/__init__.py,…" and of "yaml.py,…".
std::string first_name(std::string_view line) {
  const std::string_view path = line.substr(0, line.find(','));
  const auto slash = path.find('/');
  if (slash != std::string_view::npos) return std::string(path.substr(0, slash));
  return path.ends_with(".py") ? std::string(path.substr(0, path.size() - 3)) : "";
}

std::vector<std::string> imports_of(const cpython::FileTree& tree, const std::string& metadata) {
  std::vector<std::string> names;
  const auto add = [&](const std::string& name) {
    if (is_import(name) && !is_metadata(name) &&
        std::ranges::count(names, policy::normalised_package_name(name)) == 0)
      names.push_back(policy::normalised_package_name(name));
  };
  const auto top = tree.read(metadata + "/top_level.txt", kMetadataMax);
  std::istringstream lines(top ? *top : tree.read(metadata + "/RECORD", kMetadataMax).value_or(""));
  for (std::string line; std::getline(lines, line);) add(top ? line : first_name(line));
  return names;
}

/// Adds what is known of one package. False: it is installed nowhere.
bool add_known(const cpython::FileTree& tree, const std::vector<std::string>& sites,
               policy::CompiledProfile& package) {
  bool known = false;
  for (const std::string& site : sites) {
    for (const std::string& entry : tree.list(site, is_metadata, kNamesMax)) {
      const std::string name = cpython::distribution_from_name(entry).name;
      if (policy::normalised_package_name(name) != package.name) continue;
      known = true;
      for (std::string& import : imports_of(tree, site + "/" + entry))
        if (std::ranges::count(package.imports, import) == 0)
          package.imports.push_back(std::move(import));
    }
    known = known || tree.is_directory(site + "/" + package.name);
  }
  return known;
}

}  // namespace

void add_imports(policy::CompiledPolicy& policy) {
  const bool any = std::ranges::any_of(
      policy.profiles, [](const auto& profile) { return !profile.packages.empty(); });
  if (!any) return;
  const cpython::FileTree tree("/");
  const std::vector<std::string> sites = site_directories(tree);
  for (policy::CompiledProfile& profile : policy.profiles)
    for (policy::CompiledProfile& package : profile.packages)
      if (!add_known(tree, sites, package))
        log::warn(
            "profile {}: package {} is not installed where packages of this machine are: it is "
            "told by files below site-packages/{} alone",
            profile.name, package.name, package.name);
}

}  // namespace aspis
