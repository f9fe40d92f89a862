// SPDX-License-Identifier: Apache-2.0
#include "agent/watch/in_force.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>

#include "agent/signed/manifest_text.h"
#include "agent/watch/enforced.h"
#include "base/log.h"
#include "probes/hook/config.h"

namespace aspis {
namespace {

constexpr std::size_t kManifestMax = std::size_t{1} << 30;
constexpr std::size_t kKeyMax = 65536;

using Text = std::unique_ptr<char, decltype(&std::free)>;

/// A file that the configuration names; root's, or of who runs this.
Result<std::string> read_named(const char* path, std::size_t limit) {
  char* bytes = nullptr;
  std::size_t len = 0;
  int code = 0;
  const char* wrong = ::trusted_file_read(path, TRUST_ROOT_OR_SELF, limit, &bytes, &len, &code);
  if (wrong != nullptr)
    return fail(std::string(path) + " " + wrong +
                (code != 0 ? std::string(": ") + std::strerror(code) : ""));
  const Text kept(bytes, &std::free);
  return std::string(bytes, len);
}

Result<Manifest> read_manifest_of(const std::string& hook_config) {
  const bool named = !hook_config.empty();
  const std::string path = named ? hook_config : HOOK_CONFIG_FILE;
  struct hook_config config{};
  char wrong[HOOK_CONFIG_WRONG];
  const bool good = ::hook_config_read(&config, path.c_str(),
                                       named ? TRUST_ROOT_OR_SELF : TRUST_ROOT, 1, wrong) != 0;
  const Text kept(config.text, &std::free);
  if (!good) return fail(wrong);
  if (config.manifest == nullptr || config.key == nullptr)
    return fail(path + " does not name both manifest and key");
  PublicKey key;
  const std::string pem = TRY(read_named(config.key, kKeyMax));
  if (const char* why = ::aspis_pem_public_key(pem.data(), pem.size(), key.data()))
    return fail(std::string(config.key) + ": " + why);
  auto manifest = read_manifest(TRY(read_named(config.manifest, kManifestMax)), key);
  if (!manifest) return fail(std::string(config.manifest) + ": " + manifest.error().text());
  return manifest;
}

/// The first profile that has `require signed` rules.
const policy::CompiledProfile* requiring(const policy::CompiledPolicy& policy) {
  const auto found = std::ranges::find_if(policy.profiles, [](const auto& profile) {
    return (profile.flags & ASPIS_PROFILE_SIGNED) != 0 && profile.mode != ASPIS_MODE_UNCONFINED;
  });
  return found == policy.profiles.end() ? nullptr : &*found;
}

tl::unexpected<Error> no_manifest(const policy::CompiledProfile& profile, const Error& why) {
  return fail("profile " + profile.name + " requires signed code, but " + why.text() +
              " (aspis manifest sign makes a manifest; " HOOK_CONFIG_FILE
              ", or the file of --hook-config, names it: docs/signed-code.md)");
}

/// A removed profile would leave its tasks unconfined: refused, unless that was asked for.
Result<> check_removals(Observer& observer, const policy::CompiledPolicy& policy, bool force) {
  const auto gone = observer.policy().missing_from(policy);
  if (gone.empty()) return {};
  std::map<std::uint16_t, std::size_t> tasks;
  for (const auto& task : TRY(observer.confined_tasks()))
    for (const std::uint16_t id : task.profiles) ++tasks[id];
  std::string held;
  for (const auto& name : gone) {
    const auto found = tasks.find(observer.policy().id_of(name));
    if (found == tasks.end()) continue;
    held += "\n  " + name + ": " + std::to_string(found->second) +
            (found->second == 1 ? " task" : " tasks");
  }
  if (held.empty()) return {};
  if (!force)
    return fail("profiles that tasks run under would be removed (--force leaves those unconfined)" +
                held);
  log::warn("tasks are unconfined from now on, because their profile is removed{}", held);
  return {};
}

}  // namespace

Result<std::vector<SignedFile>> read_signed_files(const std::string& hook_config) {
  const Manifest manifest = TRY(read_manifest_of(hook_config));
  std::vector<SignedFile> files;
  files.reserve(manifest.files.size());
  for (const auto& [path, digest] : manifest.files) files.push_back({path, digest.verity});
  return files;
}

Result<std::size_t> room_for_signed_files(const policy::CompiledPolicy& policy,
                                          const std::string& hook_config,
                                          std::optional<Backend> backend) {
  const policy::CompiledProfile* profile = requiring(policy);
  if (profile == nullptr) return std::size_t{0};
  const auto files = read_signed_files(hook_config);
  if (files) return SignedStore::room_for(files->size());
  if (backend.value_or(Backend::kLsm) == Backend::kLsm && try_signed_code().works)
    return no_manifest(*profile, files.error());
  return SignedStore::room_for(0);
}

Result<> put_in_force(Observer& observer, const policy::CompiledPolicy& policy,
                      const InForceOptions& options) {
  const policy::CompiledProfile* profile = requiring(policy);
  if (profile != nullptr && !observer.signed_code())
    return fail("profile " + profile->name +
                " requires signed code, which none did when this was started: that takes a new "
                "start (of what is pinned, after 'aspis agent --uninstall')");
  TRYV(check_enforced(observer, policy, options.strict));
  TRYV(check_removals(observer, policy, options.force));
  if (profile == nullptr || !observer.signed_code()->works)
    return observer.policy().replace(policy);
  const auto files = read_signed_files(options.hook_config);
  if (!files) return no_manifest(*profile, files.error());
  TRYV(observer.policy().replace(policy, *files));
  log::info("{} files may be loaded where code must be signed", files->size());
  return {};
}

}  // namespace aspis
