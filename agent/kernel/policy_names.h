// SPDX-License-Identifier: Apache-2.0
// What the agent knows of the policy in force besides its tables: names and numbers of profiles,
// their packages and resource limits. The next agent reads it from the kernel (kept_state.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/tables/compiled.h"

namespace aspis {

/// A profile has its number as long as the BPF side is in the kernel, whether it is in force or
/// not.
class PolicyNames {
 public:
  /// As bytes() wrote them; fails if they are not that.
  static Result<PolicyNames> read(std::span<const std::byte> bytes);
  [[nodiscard]] std::string bytes() const;

  /// `policy` is what is in force; names that are new get numbers. Fails if there are none left.
  Result<> put_in_force(const policy::CompiledPolicy& policy);

  /// Numbers that are in use, and the 0 that no profile has.
  [[nodiscard]] std::size_t size() const { return names_.size(); }
  /// As PolicyStore has them.
  [[nodiscard]] std::uint16_t id_of(std::string_view name) const;
  [[nodiscard]] std::string_view name_of(std::uint16_t id) const;
  [[nodiscard]] policy::Limits limits_of(std::uint16_t id) const;
  [[nodiscard]] std::string_view package_of(std::uint16_t id, unsigned number) const;
  [[nodiscard]] std::vector<std::string> missing_from(const policy::CompiledPolicy& policy) const;

 private:
  void number(std::string_view name);

  std::vector<std::string> names_{""};
  std::map<std::string, std::uint16_t, std::less<>> ids_;
  std::set<std::string, std::less<>> in_force_;
  std::map<std::uint16_t, policy::Limits> limits_;              // of profiles that have any
  std::map<std::uint16_t, std::vector<std::string>> packages_;  // of profiles that have any
};

}  // namespace aspis
