// SPDX-License-Identifier: Apache-2.0
// The interpreters of the machine that the tests run on, and running them.
#pragma once

#include <glob.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace aspis::testing {

/// $PYENV_ROOT/versions/*/bin/python3, or below ~/.pyenv.
inline std::vector<std::string> pyenv_pythons() {
  const char* root = std::getenv("PYENV_ROOT");
  const char* home = std::getenv("HOME");
  const std::string base = root != nullptr ? root : std::string(home ? home : "") + "/.pyenv";
  glob_t found{};
  std::vector<std::string> paths;
  if (::glob((base + "/versions/3.*/bin/python3").c_str(), 0, nullptr, &found) == 0) {
    paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  }
  ::globfree(&found);
  return paths;
}

/// Those, and the system's.
inline std::vector<std::string> all_pythons() {
  std::vector<std::string> paths = pyenv_pythons();
  for (const char* path : {"/usr/bin/python3", "/usr/local/bin/python3"}) {
    if (std::filesystem::exists(path)) paths.emplace_back(path);
  }
  return paths;
}

struct Output {
  int status = -1;  ///< as wait(2)
  std::string text;
};

/// Runs a shell command and collects its standard output and error.
inline Output run(const std::string& command) {
  Output output;
  FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return output;
  char buffer[4096];
  while (const std::size_t got = std::fread(buffer, 1, sizeof(buffer), pipe)) {
    output.text.append(buffer, got);
  }
  output.status = ::pclose(pipe);
  return output;
}

/// "3.11" of an interpreter, as it says itself; 0.0 if it doesn't run.
struct Version {
  int major = 0, minor = 0;
};
inline Version version_of(const std::string& python) {
  Version version;
  const Output output =
      run("'" + python + "' -I -S -c 'import sys; print(\"%d %d\" % sys.version_info[:2])'");
  if (std::sscanf(output.text.c_str(), "%d %d", &version.major, &version.minor) != 2) return {};
  return version;
}

}  // namespace aspis::testing
