// SPDX-License-Identifier: Apache-2.0
#include "policy/tables/profile_head.h"

#include <strings.h>

#include <charconv>
#include <csignal>
#include <cstring>

#include "policy/language/variables.h"
#include "policy/tables/container.h"
#include "policy/tables/launch.h"

namespace aspis::policy {
namespace {

constexpr int kErrnoMax = 133;  // asm-generic/errno.h: EHWPOISON

struct ModeFlag {
  std::string_view name;
  aspis_mode mode;
};
// default_allow is a rule; without anybody to ask, prompt means what enforce means.
constexpr ModeFlag kModes[] = {
    {"enforce", ASPIS_MODE_ENFORCE},
    {"complain", ASPIS_MODE_COMPLAIN},
    {"kill", ASPIS_MODE_KILL},
    {"unconfined", ASPIS_MODE_UNCONFINED},
    {"default_allow", ASPIS_MODE_ENFORCE},
    {"prompt", ASPIS_MODE_ENFORCE},
};

struct BitFlag {
  std::string_view name;
  std::uint16_t bit;
};
constexpr BitFlag kBits[] = {
    {"audit", ASPIS_PROFILE_AUDIT},
    {"attach_disconnected", ASPIS_PROFILE_ATTACH_DISCONNECTED},
    {"mediate_deleted", ASPIS_PROFILE_MEDIATE_DELETED},
    {"chroot_relative", ASPIS_PROFILE_CHROOT_RELATIVE},
};

template <class Table>
auto find(const Table& table, std::string_view name) -> decltype(&table[0]) {
  for (const auto& entry : table) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

}  // namespace

std::uint8_t signal_number(std::string_view name) {
  constexpr std::string_view kRealTime = "rtmin+";
  if (name.starts_with(kRealTime)) {
    unsigned offset = 0;
    std::from_chars(name.data() + kRealTime.size(), name.data() + name.size(), offset);
    return static_cast<std::uint8_t>(32 + offset);  // the kernel's SIGRTMIN, not libc's
  }
  for (int number = 1; number < 32; number++) {
    const char* known = ::sigabbrev_np(number);
    if (known != nullptr && ::strncasecmp(known, name.data(), name.size()) == 0 &&
        known[name.size()] == 0) {
      return static_cast<std::uint8_t>(number);
    }
  }
  return 0;
}

std::uint16_t errno_number(std::string_view name) {
  for (int number = 1; number <= kErrnoMax; number++) {
    const char* known = ::strerrorname_np(number);
    if (known != nullptr && name == known) return static_cast<std::uint16_t>(number);
  }
  return 0;
}

std::string full_name(const Profile& profile, const std::string& parent,
                      const PatternContext& context) {
  const auto names = expand(profile.name, context.variables, context.diagnostics, {1, true});
  const std::string& own = names.empty() ? profile.name.text : names.front();
  if (!parent.empty()) return parent + "//" + own;
  if (profile.policy_namespace) return ":" + *profile.policy_namespace + ":" + own;
  return own;
}

void lower_head(const Profile& profile, const PatternContext& context, CompiledProfile& compiled) {
  compiled.at = profile.at;
  if (profile.hat) compiled.flags |= ASPIS_PROFILE_HAT;
  for (const Flag& flag : profile.flags) {
    if (const ModeFlag* mode = find(kModes, flag.name)) compiled.mode = mode->mode;
    if (const BitFlag* bit = find(kBits, flag.name)) compiled.flags |= bit->bit;
    if (flag.name == "kill.signal" && flag.value) compiled.kill_signal = signal_number(*flag.value);
    if (flag.name == "error" && flag.value) compiled.error = errno_number(*flag.value);
    if (flag.name.starts_with("attach_disconnected.")) {
      compiled.flags |= ASPIS_PROFILE_ATTACH_DISCONNECTED;
      context.diagnostics.unenforced(
          flag.at, "The flag " + flag.name + " is not enforced: attach_disconnected is meant.");
    }
    if (flag.name == "prompt") {
      context.diagnostics.unenforced(flag.at, "There is nobody to prompt: it means enforce.");
    }
  }
  if (profile.hat) return;  // entered by request only
  const bool path = profile.name.text.starts_with('/') || profile.name.text.starts_with('@');
  const Word* attachment = profile.attachment ? &*profile.attachment
                           : path             ? &profile.name
                                              : nullptr;
  if (attachment != nullptr) compiled.attachments = expand_path(*attachment, context);
  compiled.launches = compile_launches(profile.launches, context);
  compiled.container = compile_container(profile.container, context);
  if (!profile.xattrs.empty()) {
    context.diagnostics.unenforced(
        profile.at, "xattrs= is not enforced: the profile attaches by its path alone.");
  }
}

}  // namespace aspis::policy
