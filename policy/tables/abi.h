// SPDX-License-Identifier: Apache-2.0
// Which classes a policy mediates: those that the features of its abi have, whatever else this
// machine could mediate (apparmor.d(5), "Feature ABI").
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "bpf/abi/policy.h"
#include "policy/language/diagnostic.h"
#include "policy/language/syntax.h"

namespace aspis::policy {

/// The class that an abi must have for a rule to hold; ASPIS_CLASS_COUNT: it holds under any.
aspis_class mediating_class(const Rule& rule);

/// A feature file, read: a tree such as "mount {mask {umount}}" as the paths to its nodes, which
/// here are mount, mount/mask and mount/mask/umount.
class Features {
 public:
  Features() = default;
  explicit Features(std::string_view text);

  [[nodiscard]] bool has(std::string_view path) const { return paths_.contains(path); }
  /// Whether the text is a tree, and has a node.
  [[nodiscard]] bool valid() const { return valid_; }

 private:
  std::set<std::string, std::less<>> paths_;
  bool valid_ = false;
};

/// The classes of all profiles of one policy.
class Mediation {
 public:
  /// The first abi of a policy is that of all of it.
  Mediation(const Policy& policy, Diagnostics& diagnostics);

  /// The bit of each aspis_class that is mediated for this profile. Rules of other classes get a
  /// warning, each once.
  std::uint16_t of(const Profile& profile);

 private:
  void warn(const Rule& rule);

  Diagnostics& diagnostics_;
  std::string abi_;            // path; empty: none
  std::uint16_t classes_ = 0;  // that the abi has
  std::vector<Position> warned_;
};

}  // namespace aspis::policy
