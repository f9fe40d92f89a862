// SPDX-License-Identifier: Apache-2.0
// The closed sets of names in the language, as tables.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace aspis::policy {

using NameList = std::span<const std::string_view>;

bool contains(NameList names, std::string_view name);

/// Capabilities in lower case without CAP_, in the order of linux/capability.h.
NameList capability_names();

/// Signals by name; also "exists" and rtmin+0 to rtmin+32.
bool is_signal(std::string_view name);

/// Address families of network rules, socket types, and protocols of the internet families.
NameList network_domains();
/// Number of one of these (AF_*).
unsigned domain_number(std::string_view domain);
NameList socket_types();
NameList network_protocols();

/// Names of errno values, such as ENOENT.
bool is_errno(std::string_view name);

enum class RlimitUnit : std::uint8_t { Count, Bytes, Seconds, Microseconds, Nice };
struct Rlimit {
  std::string_view name;
  RlimitUnit unit;
};
std::span<const Rlimit> rlimits();

/// A mount option, and the group of options that exclude each other; 0: none do.
struct MountOption {
  std::string_view name;
  std::uint8_t group;
  std::uint8_t side;         ///< options of a group with the same side mean the same
  bool propagation = false;  ///< changes propagation: takes no source
  std::uint32_t flags = 0;   ///< MS_* of mount(2) that it is about
  bool clears = false;       ///< it means that they are not set
};
constexpr std::size_t kMountGroups = 16;
std::span<const MountOption> mount_options();

/// A profile flag, and the group of flags that exclude each other; 0: none do.
struct FlagName {
  std::string_view name;
  std::uint8_t group;
};
constexpr std::size_t kFlagGroups = 5;
std::span<const FlagName> flag_names();

/// The entry of that name in a table, or null.
template <class T>
const T* find_name(std::span<const T> table, std::string_view name) {
  for (const T& entry : table) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

}  // namespace aspis::policy
