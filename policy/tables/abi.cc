// SPDX-License-Identifier: Apache-2.0
#include "policy/tables/abi.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace aspis::policy {
namespace {

constexpr std::uint16_t bit(aspis_class kind) {
  return static_cast<std::uint16_t>(1U << kind);
}
// Of AppArmor's. Python rules are none of them: no abi says anything of those.
constexpr std::uint16_t kEvery = (1U << ASPIS_CLASS_PYTHON) - 1;

// No feature stands for them: AppArmor has mediated them from its beginning.
constexpr std::uint16_t kAlways = bit(ASPIS_CLASS_FILE) | bit(ASPIS_CLASS_CAPABILITY) |
                                  bit(ASPIS_CLASS_RLIMIT) | bit(ASPIS_CLASS_CHANGE_PROFILE);
// Of a policy without abi: what Debian's parser.conf pins (/usr/share/apparmor-features).
constexpr std::uint16_t kWithoutAbi = kAlways | bit(ASPIS_CLASS_NETWORK) | bit(ASPIS_CLASS_MOUNT) |
                                      bit(ASPIS_CLASS_PTRACE) | bit(ASPIS_CLASS_SIGNAL);

struct ClassFeature {
  std::string_view feature;
  aspis_class kind;
};
// A class may have come under several names.
constexpr ClassFeature kFeatures[] = {
    {"network", ASPIS_CLASS_NETWORK},
    {"network_v8", ASPIS_CLASS_NETWORK},
    {"network_v9", ASPIS_CLASS_NETWORK},
    {"network/af_unix", ASPIS_CLASS_UNIX},
    {"network_v9/af_unix", ASPIS_CLASS_UNIX},
    {"ptrace", ASPIS_CLASS_PTRACE},
    {"signal", ASPIS_CLASS_SIGNAL},
    {"mount", ASPIS_CLASS_MOUNT},
    {"namespaces/mask/userns_create", ASPIS_CLASS_USERNS},
    {"namespaces/userns_create", ASPIS_CLASS_USERNS},
    {"io_uring", ASPIS_CLASS_IO_URING},
    {"ipc/posix_mqueue", ASPIS_CLASS_MQUEUE},
};

// The class of each kind of rule. "all," is of every class, and dbus is none of ours.
aspis_class class_of(const FileRule&) {
  return ASPIS_CLASS_FILE;
}
aspis_class class_of(const LinkRule&) {
  return ASPIS_CLASS_FILE;
}
aspis_class class_of(const CapabilityRule&) {
  return ASPIS_CLASS_CAPABILITY;
}
aspis_class class_of(const NetworkRule&) {
  return ASPIS_CLASS_NETWORK;
}
aspis_class class_of(const UnixRule&) {
  return ASPIS_CLASS_UNIX;
}
aspis_class class_of(const MountRule&) {
  return ASPIS_CLASS_MOUNT;
}
aspis_class class_of(const PtraceRule&) {
  return ASPIS_CLASS_PTRACE;
}
aspis_class class_of(const SignalRule&) {
  return ASPIS_CLASS_SIGNAL;
}
aspis_class class_of(const RlimitRule&) {
  return ASPIS_CLASS_RLIMIT;
}
aspis_class class_of(const ChangeProfileRule&) {
  return ASPIS_CLASS_CHANGE_PROFILE;
}
aspis_class class_of(const ChangeOnRule&) {
  return ASPIS_CLASS_COUNT;  // no permission: ordered under any abi
}
aspis_class class_of(const UsernsRule&) {
  return ASPIS_CLASS_USERNS;
}
aspis_class class_of(const IoUringRule&) {
  return ASPIS_CLASS_IO_URING;
}
aspis_class class_of(const MqueueRule&) {
  return ASPIS_CLASS_MQUEUE;
}
aspis_class class_of(const PythonRule&) {
  return ASPIS_CLASS_COUNT;
}
aspis_class class_of(const RequireRule&) {
  return ASPIS_CLASS_COUNT;
}
aspis_class class_of(const DbusRule&) {
  return ASPIS_CLASS_COUNT;
}
aspis_class class_of(const AllRule&) {
  return ASPIS_CLASS_COUNT;
}

std::uint16_t classes_of(const Features& features) {
  std::uint16_t classes = kAlways;
  for (const ClassFeature& row : kFeatures) {
    if (features.has(row.feature)) classes |= bit(row.kind);
  }
  return classes;
}

}  // namespace

aspis_class mediating_class(const Rule& rule) {
  return std::visit([](const auto& body) { return class_of(body); }, rule.body);
}

Features::Features(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  constexpr std::string_view kEnds = " \t\r\n{}";
  std::string path;                // of the node that is open
  std::vector<std::size_t> outer;  // length of the path around each open node
  std::string last;                // the word before: a value of the node, or the name of the next
  for (std::size_t at = text.find_first_not_of(kBlanks); at != std::string_view::npos;
       at = text.find_first_not_of(kBlanks, at)) {
    if (text[at] == '{') {
      if (last.empty()) return;
      outer.push_back(path.size());
      path = std::exchange(last, {});
      at++;
    } else if (text[at] == '}') {
      if (outer.empty()) return;
      path.resize(outer.back());
      outer.pop_back();
      last.clear();
      at++;
    } else {
      const std::size_t end = std::min(text.find_first_of(kEnds, at), text.size());
      last = path + (path.empty() ? "" : "/");
      last += text.substr(at, end - at);
      paths_.insert(last);
      at = end;
    }
  }
  valid_ = outer.empty() && !paths_.empty();
}

Mediation::Mediation(const Policy& policy, Diagnostics& diagnostics) : diagnostics_(diagnostics) {
  classes_ = kWithoutAbi;
  if (policy.abis.empty()) return;
  const Abi& first = policy.abis.front();
  abi_ = first.path;
  if (first.path == "kernel") {
    classes_ = kEvery;
  } else {
    const Features features(first.features);
    if (!features.valid()) diagnostics.error(first.at, first.path + " is no list of features.");
    classes_ = classes_of(features);
  }
  for (const Abi& other : policy.abis) {
    if (other.path == abi_) continue;
    diagnostics.warning(other.at,
                        "This abi is ignored: all of a policy has the one that comes "
                        "first, here " +
                            abi_ + ".");
  }
}

std::uint16_t Mediation::of(const Profile& profile) {
  std::uint16_t classes = classes_;
  for (const Rule& rule : profile.rules) {
    const aspis_class kind = mediating_class(rule);
    const bool all = std::holds_alternative<AllRule>(rule.body);
    if (abi_.empty()) {
      classes |= all ? kEvery : kind < ASPIS_CLASS_COUNT ? bit(kind) : 0;
    } else if (kind < ASPIS_CLASS_COUNT && (classes & bit(kind)) == 0) {
      warn(rule);
    }
  }
  return classes;
}

/// Rules of an included file are in each profile that includes it.
void Mediation::warn(const Rule& rule) {
  if (std::find(warned_.begin(), warned_.end(), rule.at) != warned_.end()) return;
  warned_.push_back(rule.at);
  diagnostics_.unenforced(rule.at, "This rule is not enforced: the abi " + abi_ +
                                       " is older than its class, which stays unmediated.");
}

}  // namespace aspis::policy
