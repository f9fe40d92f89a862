// SPDX-License-Identifier: Apache-2.0
#include "agent/signed/code_files.h"

#include <sys/stat.h>

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <filesystem>
#include <iterator>

#include "bpf/lib/code_name.h"

namespace aspis {
namespace {

void sort_once(std::vector<std::string>& paths) {
  // std::string compares char as unsigned char: by bytes, as the manifest wants it.
  std::ranges::sort(paths);
  paths.erase(std::ranges::unique(paths).begin(), paths.end());
}

void take(const std::string& path, bool is_code, CodeFiles& found);

void take_directory(const std::string& directory, CodeFiles& found) {
  std::error_code failure;
  std::filesystem::directory_iterator entry(directory, failure);
  for (; !failure && entry != std::filesystem::directory_iterator(); entry.increment(failure)) {
    take(entry->path().string(), is_code_name(entry->path().filename().string()), found);
  }
  if (failure) found.problems.push_back({directory, "cannot be listed: " + failure.message()});
}

void take(const std::string& path, bool is_code, CodeFiles& found) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) {
    const Error error{"cannot be looked at", errno};
    found.problems.push_back({path, error.text()});
  } else if (S_ISDIR(status.st_mode)) {
    take_directory(path, found);
  } else if (S_ISLNK(status.st_mode)) {
    // What it leads to is code of its own, where it is; a link to a directory may lead to some.
    struct stat target{};
    const bool to_directory = ::stat(path.c_str(), &target) == 0 && S_ISDIR(target.st_mode);
    if (is_code || to_directory)
      found.left_out.push_back({path, "a symbolic link, which is not followed"});
  } else if (is_code && S_ISREG(status.st_mode)) {
    found.files.push_back(path);
  } else if (is_code) {
    found.problems.push_back({path, "not a regular file"});
  }
}

}  // namespace

bool is_code_name(std::string_view name) {
  char window[CODE_NAME_WINDOW];
  if (name.size() >= sizeof(window)) return false;  // no file system has such
  std::ranges::fill(window, '/');
  name.copy(std::end(window) - name.size(), name.size());
  return is_name_of_code(window) != 0;
}

Result<CodeFiles> find_code(const std::vector<std::string>& trees) {
  CodeFiles found;
  for (const std::string& tree : trees) {
    char resolved[PATH_MAX];
    if (::realpath(tree.c_str(), resolved) == nullptr) return fail_errno("cannot read " + tree);
    found.trees.emplace_back(resolved);
  }
  sort_once(found.trees);
  for (const std::string& tree : found.trees) take(tree, true, found);
  sort_once(found.files);
  return found;
}

}  // namespace aspis
