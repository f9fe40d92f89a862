// SPDX-License-Identifier: Apache-2.0
#include "agent/watch/environment.h"

#include <algorithm>
#include <fstream>

namespace aspis {
namespace {

constexpr std::size_t kReadMax = 256 << 10;  // bytes of all variables
constexpr std::size_t kVariablesMax = 64;
constexpr std::size_t kVariableMax = 1024;  // bytes

}  // namespace

PythonEnvironment python_environment(pid_t pid) {
  PythonEnvironment found;
  std::ifstream file("/proc/" + std::to_string(pid) + "/environ", std::ios::binary);
  std::size_t left = kReadMax;
  for (std::string one; std::getline(file, one, '\0');) {
    if (left == 0 || found.variables.size() == kVariablesMax) {
      found.cut = true;
      break;
    }
    left -= std::min(left, one.size() + 1);
    if (!one.starts_with("PYTHON")) continue;
    found.cut |= one.size() > kVariableMax;
    found.variables.push_back(one.substr(0, kVariableMax));
  }
  return found;
}

}  // namespace aspis
