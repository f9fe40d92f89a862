// SPDX-License-Identifier: Apache-2.0
#include "probes/cpython/distribution.h"

#include <algorithm>
#include <filesystem>
#include <optional>

namespace aspis::cpython {
namespace {

std::string version_of(const PythonProcess& process) {
  return "3." + std::to_string(process.minor);
}

// Absolute, without "." and ".."; empty if that cannot be had.
std::string absolute(std::string_view file, const std::string& cwd) {
  if (file.empty()) return {};
  std::filesystem::path path(file);
  if (path.is_relative()) {
    if (cwd.empty()) return {};
    path = std::filesystem::path(cwd) / path;
  }
  return path.lexically_normal().string();
}

bool is_below(std::string_view path, std::string_view directory) {
  return path.size() > directory.size() && path.starts_with(directory) &&
         (directory.ends_with('/') || path[directory.size()] == '/');
}

struct Installed {
  std::string site;
  std::string_view relative;
};

// The last directory in the path that packages are installed to.
std::optional<Installed> split_site(std::string_view path) {
  std::optional<Installed> result;
  std::size_t best = 0;
  for (const std::string_view name : {"/site-packages/", "/dist-packages/"}) {
    const std::size_t at = path.rfind(name);
    if (at == std::string_view::npos || at < best) continue;
    best = at;
    const std::size_t end = at + name.size() - 1;
    result = Installed{std::string(path.substr(0, end)), path.substr(end + 1)};
  }
  return result;
}

// PREFIX/lib/python3.N/…, with the module that no standard library is without, or
// PREFIX/lib/python3N.zip.
bool is_standard(const FileTree& tree, const std::string& path, const PythonProcess& process) {
  for (const std::string_view lib : {"/lib/python", "/lib64/python"}) {
    const std::size_t at = path.find(std::string(lib) + version_of(process));
    if (at != std::string::npos) {
      const std::size_t end = path.find('/', at + lib.size());
      if (end != std::string::npos && tree.is_file(path.substr(0, end) + "/os.py")) return true;
    }
    if (path.find(std::string(lib) + "3" + std::to_string(process.minor) + ".zip/") !=
        std::string::npos)
      return true;
  }
  return false;
}

std::vector<std::string> site_directories(const PythonProcess& process) {
  std::vector<std::string> sites;
  for (const std::string& prefix : process.prefixes) {
    const std::string versioned = prefix + "/lib/python" + version_of(process);
    sites.push_back(versioned + "/site-packages");
    sites.push_back(versioned + "/dist-packages");
    sites.push_back(prefix + "/lib/python3/dist-packages");
    sites.push_back(prefix + "/local/lib/python" + version_of(process) + "/dist-packages");
  }
  return sites;
}

// Of projects in each other the inner one.
Distribution find_editable(const FileTree& tree, const std::string& path,
                           const PythonProcess& process) {
  EditableProject best;
  for (const std::string& site : site_directories(process))
    for (EditableProject& project : editable_projects(tree, site))
      if (is_below(path, project.directory) && project.directory.size() > best.directory.size())
        best = std::move(project);
  return best.distribution;
}

// The file among the path's ancestors: an archive that code is imported from. Empty: there is none.
std::string archive_of(const FileTree& tree, const std::string& path) {
  for (std::size_t at = path.rfind('/'); at != std::string::npos && at != 0;
       at = path.rfind('/', at - 1)) {
    std::string parent = path.substr(0, at);
    if (tree.is_directory(parent)) return {};
    if (tree.is_file(parent)) return parent;
  }
  return {};
}

// The program: its file, what lies below its directory, or is in it (a zipapp, a directory).
bool is_main(const std::string& path, const PythonProcess& process) {
  const std::string script = absolute(process.script, process.cwd);
  if (script.size() < 2) return false;
  if (path == script || is_below(path, script)) return true;
  const std::string directory = script.substr(0, script.rfind('/'));
  return !directory.empty() && is_below(path, directory);
}

}  // namespace

std::string script_of(const std::vector<std::string>& argv) {
  for (std::size_t i = 1; i < argv.size(); ++i) {
    const std::string& word = argv[i];
    if (word.empty() || word == "-") return {};
    if (word.front() != '-') return word;
    if (word == "--") return i + 1 < argv.size() ? argv[i + 1] : std::string();
    if (word.starts_with("--")) {
      if (word == "--check-hash-based-pycs") ++i;
      continue;
    }
    // Letters together; c and m end the options, W and X have a value, here or in the next word.
    const std::size_t at = word.find_first_of("cmWX", 1);
    if (at == std::string::npos) continue;
    if (word[at] == 'c' || word[at] == 'm') return {};
    if (at + 1 == word.size()) ++i;
  }
  return {};
}

Distribution find_distribution(const FileTree& tree, std::string_view file,
                               const PythonProcess& process) {
  Distribution standard{std::string(kStandardLibrary), version_of(process)};
  if (file.starts_with("<frozen ")) return standard;
  if (file.starts_with('<')) return {};
  const std::string path = absolute(file, process.cwd);
  if (path.empty()) return {};
  if (const auto installed = split_site(path)) {
    Distribution found = find_in_site(tree, installed->site, installed->relative);
    if (!found.name.empty()) return found;
  } else if (is_standard(tree, path, process)) {
    return standard;
  }
  if (Distribution found = find_editable(tree, path, process); !found.name.empty()) return found;
  if (is_main(path, process)) return {std::string(kMainProgram), ""};
  const std::string archive = archive_of(tree, path);
  return distribution_from_name(archive.substr(archive.rfind('/') + 1));
}

}  // namespace aspis::cpython
