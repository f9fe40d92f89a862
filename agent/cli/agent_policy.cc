// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/agent_policy.h"

#include <malloc.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string_view>

#include "agent/chain/log_parts.h"
#include "base/log.h"

namespace aspis {
namespace {

constexpr std::array<std::string_view, 4> kModes = {"enforce", "complain", "kill", "unconfined"};

}  // namespace

std::string_view mode_name(aspis_mode mode) {
  return kModes[static_cast<std::size_t>(mode)];
}

Result<> AgentPolicy::open() {
  if (options_.modes.empty()) return {};
  std::ifstream file(options_.modes);
  if (!file) return errno == ENOENT ? Result<>() : fail_errno(options_.modes);
  const auto kept = nlohmann::json::parse(file, nullptr, false);
  if (!kept.is_object())
    return fail(options_.modes +
                ": not what an agent wrote there; remove it, and all profiles "
                "have the modes of their text");
  for (const auto& [name, mode] : kept.items())
    if (const auto value = mode.is_string() ? settable_mode(mode.get<std::string>()) : std::nullopt)
      changes_.modes[name] = *value;
    else
      return fail(options_.modes + ": no mode of the profile " + name);
  return {};
}

Result<> AgentPolicy::keep_modes(const Changes& changes) const {
  if (options_.modes.empty()) return {};
  nlohmann::json kept = nlohmann::json::object();
  for (const auto& [name, mode] : changes.modes) kept[name] = mode_name(mode);
  return replace_text(options_.modes, kept.dump(2) + "\n");
}

Result<policy::CompiledPolicy> AgentPolicy::read() const {
  return read(changes_);
}

Result<policy::CompiledPolicy> AgentPolicy::read(const Changes& changes) const {
  std::vector<std::string> paths = options_.paths;
  paths.insert(paths.end(), changes.loaded.begin(), changes.loaded.end());
  std::ostringstream said;
  PolicyOptions language = options_.language;
  language.diagnostics = &said;
  auto files = TRY(policy_files(paths, options_.empty));
  // A file may be named, and lie in a directory that is.
  std::set<std::string> seen;
  std::erase_if(files, [&](const std::string& file) {
    std::error_code failure;
    const auto real = std::filesystem::weakly_canonical(file, failure);
    return !seen.insert(failure ? file : real.string()).second;
  });
  auto compiled = load_policy(files, language);
  std::string text = said.str();
  if (!text.empty() && text.back() == '\n') text.pop_back();
  if (!compiled) return fail((text.empty() ? "" : text + "\n") + compiled.error().text());
  if (!text.empty()) log::warn("the policy\n{}", text);
  std::erase_if(compiled->profiles, [&](const policy::CompiledProfile& profile) {
    return std::ranges::any_of(changes.removed, [&](const std::string& gone) {
      return profile.name == gone || profile.name.starts_with(gone + "//");
    });
  });
  for (auto& profile : compiled->profiles)
    if (const auto set = changes.modes.find(profile.name); set != changes.modes.end())
      profile.mode = set->second;
  if (options_.complain) set_complain(*compiled);
  return compiled;
}

Result<> AgentPolicy::note(const Observer& observer, const policy::CompiledPolicy& policy) {
  rows_.clear();
  for (const auto& profile : policy.profiles)
    rows_.push_back({profile.name, profile.mode, changes_.modes.contains(profile.name)});
  unconfined_ = TRY(find_unconfined(observer, policy));
  for (const auto& process : unconfined_)
    log::warn("process {} ({}) runs unconfined: it is older than the profile {}; start it again",
              process.pid, process.exe, process.profile);
  return {};
}

Result<> AgentPolicy::replace(Session& session, Changes changes) {
  auto replaced = try_replace(session, std::move(changes));
  ++(replaced ? replacements_.in_force : replacements_.refused);
  if (replaced) replacements_.outdated = false;
  ::malloc_trim(0);  // compiling takes several times what stays
  return replaced;
}

Result<> AgentPolicy::try_replace(Session& session, Changes changes) {
  const auto policy = TRY(read(changes));
  TRYV(put_in_force(session.observer(), policy, in_force_options()));
  changes_ = std::move(changes);
  log::info("policy replaced: {} profiles in force", policy.profiles.size());
  return note(session.observer(), policy);
}

bool AgentPolicy::has(std::string_view profile) const {
  return std::ranges::find(rows_, profile, &Row::name) != rows_.end();
}

Result<> AgentPolicy::reload(Session& session) {
  auto reloaded = replace(session, changes_);
  replacements_.outdated = !reloaded;
  return reloaded;
}

Result<> AgentPolicy::load(Session& session, const std::string& path) {
  Changes changes = changes_;
  std::ostringstream unsaid;  // said when all is read
  PolicyOptions language = options_.language;
  language.diagnostics = &unsaid;
  if (const auto files = policy_files({path}))
    if (const auto own = load_policy(*files, language))
      for (const auto& profile : own->profiles) changes.removed.erase(profile.name);
  changes.loaded.push_back(path);
  return replace(session, std::move(changes));
}

Result<> AgentPolicy::remove(Session& session, const std::string& profile) {
  if (!has(profile)) return fail("there is no profile " + profile + " in force");
  Changes changes = changes_;
  changes.removed.insert(profile);
  return replace(session, std::move(changes));
}

Result<> AgentPolicy::set_mode(Session& session, const std::string& profile,
                               std::optional<aspis_mode> mode) {
  if (!has(profile)) return fail("there is no profile " + profile + " in force");
  Changes changes = changes_;
  if (mode)
    changes.modes[profile] = *mode;
  else
    changes.modes.erase(profile);
  TRYV(replace(session, changes));
  return keep_modes(changes);
}

}  // namespace aspis
