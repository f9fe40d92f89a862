// SPDX-License-Identifier: Apache-2.0
#include "probes/elf/mappings.h"

#include <cinttypes>
#include <cstdio>
#include <fstream>
#include <optional>
#include <sstream>

namespace aspis::elf {
namespace {

// One line: "begin-end permissions offset device inode   path".
std::optional<Mapping> parse(const std::string& line) {
  Mapping mapping;
  std::string range, offset;
  std::istringstream words(line);
  if (!(words >> range >> mapping.permissions >> offset >> mapping.device >> mapping.inode))
    return std::nullopt;
  const std::size_t slash = line.find('/');
  if (slash == std::string::npos || mapping.inode == 0) return std::nullopt;
  if (std::sscanf(range.c_str(), "%" SCNx64 "-%" SCNx64, &mapping.begin, &mapping.end) != 2 ||
      std::sscanf(offset.c_str(), "%" SCNx64, &mapping.offset) != 1)
    return std::nullopt;
  mapping.path = line.substr(slash);
  return mapping;
}

}  // namespace

Result<std::vector<Mapping>> mappings_of(pid_t pid) {
  const std::string name = "/proc/" + std::to_string(pid) + "/maps";
  std::ifstream maps(name);
  if (!maps) return fail_errno("cannot read " + name);
  std::vector<Mapping> list;
  for (std::string line; std::getline(maps, line);)
    if (auto mapping = parse(line)) list.push_back(std::move(*mapping));
  return list;
}

std::vector<std::uint64_t> addresses_of(std::span<const Mapping> mappings, const Mapping& one,
                                        std::uint64_t offset, char permission) {
  std::vector<std::uint64_t> addresses;
  for (const Mapping& mapping : mappings)
    if (mapping.inode == one.inode && mapping.device == one.device && mapping.allows(permission) &&
        offset >= mapping.offset && offset - mapping.offset < mapping.end - mapping.begin)
      addresses.push_back(mapping.begin + (offset - mapping.offset));
  return addresses;
}

}  // namespace aspis::elf
