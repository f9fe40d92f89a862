// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/policy_names.h"

#include <limits>
#include <nlohmann/json.hpp>

namespace aspis {
namespace {

using nlohmann::json;

}  // namespace

void PolicyNames::number(std::string_view name) {
  if (ids_.contains(name)) return;
  ids_.emplace(name, static_cast<std::uint16_t>(names_.size()));
  names_.emplace_back(name);
}

Result<> PolicyNames::put_in_force(const policy::CompiledPolicy& policy) {
  for (const auto& profile : policy.profiles) number(profile.name);
  // Targets that no profile has now may get one later: they have their numbers from now on.
  for (const auto& profile : policy.profiles)
    for (const auto& exec : profile.execs)
      for (const auto& target : exec.targets) number(target);
  if (names_.size() > std::numeric_limits<std::uint16_t>::max() + 1UL)
    return fail("more than 65535 profiles");
  in_force_.clear();
  packages_.clear();
  limits_.clear();
  for (const auto& profile : policy.profiles) {
    in_force_.insert(profile.name);
    for (const auto& package : profile.packages)
      packages_[id_of(profile.name)].push_back(package.name);
    if (profile.mode != ASPIS_MODE_UNCONFINED && profile.rlimits != policy::Limits{})
      limits_[id_of(profile.name)] = profile.rlimits;
  }
  return {};
}

/// Bytes of names are as policy files have them, not always UTF-8: which CBOR's text would have to
/// be, and json does not look when it writes CBOR.
std::string PolicyNames::bytes() const {
  json limits = json::array();
  for (const auto& [id, all] : limits_)
    for (std::size_t resource = 0; resource < all.size(); ++resource)
      if (all[resource]) limits.push_back({id, resource, *all[resource]});
  json packages = json::array();
  for (const auto& [id, names] : packages_) packages.push_back({id, names});
  std::string bytes;
  json::to_cbor(
      json{{"names", names_}, {"in_force", in_force_}, {"limits", limits}, {"packages", packages}},
      bytes);
  return bytes;
}

Result<PolicyNames> PolicyNames::read(std::span<const std::byte> bytes) {
  const auto* begin = reinterpret_cast<const std::uint8_t*>(bytes.data());
  PolicyNames all;
  try {
    const json kept = json::from_cbor(begin, begin + bytes.size());
    kept.at("names").get_to(all.names_);
    for (std::size_t id = 1; id < all.names_.size(); ++id)
      all.ids_.emplace(all.names_[id], static_cast<std::uint16_t>(id));
    for (const json& name : kept.at("in_force")) all.in_force_.insert(name.get<std::string>());
    for (const json& limit : kept.at("limits"))
      all.limits_[limit.at(0).get<std::uint16_t>()].at(limit.at(1).get<std::size_t>()) =
          limit.at(2).get<std::uint64_t>();
    for (const json& package : kept.at("packages"))
      package.at(1).get_to(all.packages_[package.at(0).get<std::uint16_t>()]);
  } catch (const std::exception& error) {  // json's own, and what at() of a container throws
    return fail(std::string("what an agent left of its policy cannot be read: ") + error.what());
  }
  return all;
}

std::uint16_t PolicyNames::id_of(std::string_view name) const {
  const auto found = ids_.find(name);
  return found == ids_.end() ? 0 : found->second;
}

std::string_view PolicyNames::name_of(std::uint16_t id) const {
  return id < names_.size() ? std::string_view(names_[id]) : std::string_view();
}

policy::Limits PolicyNames::limits_of(std::uint16_t id) const {
  const auto found = limits_.find(id);
  return found == limits_.end() ? policy::Limits{} : found->second;
}

std::string_view PolicyNames::package_of(std::uint16_t id, unsigned number) const {
  const auto found = packages_.find(id);
  if (found == packages_.end() || number >= found->second.size()) return {};
  return found->second[number];
}

std::vector<std::string> PolicyNames::missing_from(const policy::CompiledPolicy& policy) const {
  std::set<std::string_view> kept;
  for (const auto& profile : policy.profiles) kept.insert(profile.name);
  std::vector<std::string> gone;
  for (const auto& name : in_force_)
    if (!kept.contains(name)) gone.push_back(name);
  return gone;
}

}  // namespace aspis
