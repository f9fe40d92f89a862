// SPDX-License-Identifier: Apache-2.0
#include "policy/tables/package_rules.h"

#include <limits>
#include <utility>

#include "bpf/abi/policy.h"
#include "policy/language/names.h"
#include "policy/tables/abi.h"

namespace aspis::policy {
namespace {

constexpr unsigned kEvery = (1U << ASPIS_CLASS_PYTHON) - 1;

/// Bits of the classes that a rule speaks of.
unsigned classes_of(const Rule& rule) {
  if (std::holds_alternative<AllRule>(rule.body)) return kEvery;
  if (std::holds_alternative<PythonRule>(rule.body)) return 1U << ASPIS_CLASS_PYTHON;
  const aspis_class kind = mediating_class(rule);
  return kind < ASPIS_CLASS_COUNT ? 1U << kind : 0;
}

class Defaults {
 public:
  explicit Defaults(const Profile& package) : complete_(package) {
    for (Rule& rule : complete_.rules) {
      auto* file = std::get_if<FileRule>(&rule.body);
      if (file != nullptr && file->exec) file->exec = Exec{};  // where to, the profile says
    }
    for (const Rule& rule : package.rules) {
      all_ |= classes_of(rule);
      if (rule.qualifiers.decision == Decision::Allow) allowed_ |= classes_of(rule);
    }
  }

  Profile take() {
    if (only_denied(ASPIS_CLASS_FILE)) {
      FileRule every;
      every.permissions = kRead | kWrite | kLink | kLock | kMap;
      every.exec = Exec{};
      allow(std::move(every));
    }
    if (only_denied(ASPIS_CLASS_NETWORK)) networks();
    if (only_denied(ASPIS_CLASS_UNIX)) allow(Boxed<UnixRule>(UnixRule{}));
    if (only_denied(ASPIS_CLASS_PTRACE)) allow(PtraceRule{});
    if (only_denied(ASPIS_CLASS_SIGNAL)) allow(SignalRule{});
    if (only_denied(ASPIS_CLASS_MOUNT)) mounts();
    if (only_denied(ASPIS_CLASS_USERNS)) allow(UsernsRule{});
    if (only_denied(ASPIS_CLASS_IO_URING)) allow(IoUringRule{});
    if (only_denied(ASPIS_CLASS_MQUEUE)) allow(Boxed<MqueueRule>(MqueueRule{}));
    if (only_denied(ASPIS_CLASS_CAPABILITY)) allow(CapabilityRule{});
    return std::move(complete_);
  }

 private:
  [[nodiscard]] bool only_denied(aspis_class kind) const {
    return (all_ & ~allowed_ & 1U << kind) != 0;
  }

  void allow(RuleBody body) {
    Rule rule{complete_.at, {}, std::move(body)};
    rule.qualifiers.priority = std::numeric_limits<int>::min();
    complete_.rules.push_back(std::move(rule));
  }

  /// "network," is of unix sockets, too: not where the package says what these may do.
  void networks() {
    if ((allowed_ & 1U << ASPIS_CLASS_UNIX) == 0) return allow(Boxed<NetworkRule>(NetworkRule{}));
    for (const std::string_view domain : network_domains()) {
      if (domain == "unix") continue;
      NetworkRule one;
      one.domain = Word{std::string(domain), complete_.at};
      allow(Boxed<NetworkRule>(std::move(one)));
    }
  }

  void mounts() {
    for (const auto operation :
         {MountOperation::Mount, MountOperation::Umount, MountOperation::PivotRoot}) {
      MountRule mount;
      mount.operation = operation;
      allow(Boxed<MountRule>(std::move(mount)));
    }
  }

  Profile complete_;
  unsigned all_ = 0;      // classes with rules
  unsigned allowed_ = 0;  // classes with rules that allow
};

}  // namespace

std::uint16_t restricted_classes(const Profile& package) {
  unsigned classes = 0;
  for (const Rule& rule : package.rules) classes |= classes_of(rule);
  return static_cast<std::uint16_t>(classes);
}

Profile with_defaults(const Profile& package) {
  return Defaults(package).take();
}

}  // namespace aspis::policy
