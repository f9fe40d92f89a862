// SPDX-License-Identifier: Apache-2.0
#include "policy/language/directory.h"

#include <algorithm>
#include <filesystem>
#include <string_view>

namespace aspis::policy {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kIgnoredSuffixes[] = {
    ".dpkg-new", ".dpkg-old", ".dpkg-dist", ".dpkg-bak", ".dpkg-remove", ".pacsave",
    ".pacnew",   ".rpmnew",   ".rpmsave",   ".orig",     ".rej",         "~",
};

bool ignored(const std::string& name) {
  if (name.starts_with('.') || name == "README") return true;
  return std::any_of(std::begin(kIgnoredSuffixes), std::end(kIgnoredSuffixes),
                     [&](std::string_view suffix) { return name.ends_with(suffix); });
}

}  // namespace

Result<std::vector<std::string>> policy_files_in(const std::string& directory) {
  std::vector<std::string> files;
  std::error_code failure;
  for (fs::directory_iterator it(directory, failure), end; !failure && it != end;
       it.increment(failure)) {
    // A link to nowhere is not a regular file, and no failure of the directory.
    std::error_code of_file;
    if (!ignored(it->path().filename().string()) && it->is_regular_file(of_file)) {
      files.push_back(it->path().string());
    }
  }
  if (failure) return fail_errno("cannot read the directory " + directory, failure.value());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace aspis::policy
