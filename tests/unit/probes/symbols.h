// SPDX-License-Identifier: Apache-2.0
// Where functions are, in files that have not been stripped.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include "probes/cpython/find.h"
#include "tests/unit/probes/pythons.h"

namespace aspis::testing {

struct Range {
  std::uint64_t begin = 0, end = 0;
  [[nodiscard]] bool contains(std::uint64_t at) const { return at >= begin && at < end; }
};

/// What a file has of code and data by nm(1), without names that it has twice.
inline std::map<std::string, Range> functions_of(const std::string& file) {
  std::map<std::string, Range> found;
  std::set<std::string> twice;
  std::istringstream lines(run("nm -S '" + file + "'").text);
  std::string address, size, type, name;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    if (!(words >> address >> size >> type >> name) || size.size() != 16) continue;
    const std::uint64_t begin = std::stoull(address, nullptr, 16);
    const Range range{begin, begin + std::stoull(size, nullptr, 16)};
    if (const auto [entry, fresh] = found.try_emplace(name, range);
        !fresh && entry->second.begin != begin)
      twice.insert(name);
  }
  for (const std::string& one : twice) found.erase(one);
  return found;
}

/// The file that has the code of an upstream build.
inline std::string code_file(const std::string& python) {
  auto launcher = cpython::inspect(python).value_or(std::nullopt);
  if (!launcher) return {};
  return launcher->library.empty() ? python : cpython::find_library(*launcher).value_or("");
}

}  // namespace aspis::testing
