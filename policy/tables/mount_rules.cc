// SPDX-License-Identifier: Apache-2.0
// mount, remount, umount and pivot_root. One rule speaks of several kinds of mounts, which have
// different parts (bpf/abi/subject.h); which of them is as in AppArmor's parser (parser/mount.cc).
#include <linux/mount.h>

#include <array>

#include "policy/language/names.h"
#include "policy/tables/subject_pattern.h"

namespace aspis::policy {
namespace {

constexpr std::uint32_t kBind = MS_BIND | MS_REC;
constexpr std::uint32_t kPropagation = MS_UNBINDABLE | MS_PRIVATE | MS_SLAVE | MS_SHARED | MS_REC;
constexpr std::uint32_t kCommands = MS_MOVE | MS_REMOUNT | kBind | kPropagation;
// Those that options= can name.
constexpr std::uint32_t kAll = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_SYNCHRONOUS |
                               MS_MANDLOCK | MS_DIRSYNC | MS_NOSYMFOLLOW | MS_NOATIME |
                               MS_NODIRATIME | MS_SILENT | MS_POSIXACL | MS_RELATIME |
                               MS_I_VERSION | MS_STRICTATIME | MS_LAZYTIME | kCommands;
// Of a mount, not of how it is made: a change of propagation has none of these.
constexpr std::uint32_t kOfMount =
    MS_NOSUID | MS_NOEXEC | MS_NODEV | MS_NOATIME | MS_NODIRATIME | MS_RELATIME | MS_STRICTATIME;

/// Flags that must be set, flags that may be, and all others must not.
struct FlagSet {
  std::uint32_t set = 0, may = 0;
};

/// One kind of mount: the flags that the kernel looks at, and the parts that its subjects have.
struct Kind {
  std::uint32_t flags;
  bool source, type;
};
constexpr Kind kRemount{kAll & ~static_cast<std::uint32_t>(MS_MOVE), false, false};
constexpr Kind kBindMount{kBind, true, false};
constexpr Kind kChange{kAll & ~kOfMount, false, false};
constexpr Kind kMove{MS_MOVE, true, false};
constexpr Kind kNew{kAll & ~kCommands, true, true};

class Lowering {
 public:
  Lowering(const Rule& rule, const MountRule& body, const ClassContext& context)
      : rule_(rule), body_(body), context_(context), pattern_(context) {}

  void run() {
    if (body_.operation == MountOperation::Umount) return umount();
    if (body_.operation == MountOperation::PivotRoot) return pivot_root();
    if (body_.source && body_.source->text.starts_with('/')) {
      context_.patterns.diagnostics.warning(
          body_.source->at,
          "The source of a mount is compared as the program names it: symbolic links in it are not "
          "followed.");
    }
    for (const FlagSet& flags : flag_sets()) mounts(flags);
  }

 private:
  using Part = std::optional<ExpressionId>;

  void add(ExpressionId subject, std::uint16_t permission) {
    context_.rules.add(pattern_.concat({pattern_.class_byte(ASPIS_CLASS_MOUNT), subject}),
                       {rule_.at, rule_.qualifiers, permission});
  }

  Part path(const std::optional<Word>& word) {
    if (!word) return pattern_.any_text();
    if (word->text.empty()) return pattern_.nothing();
    return pattern_.path(*word);
  }

  void umount() {
    if (const Part point = path(body_.mount_point)) add(*point, ASPIS_MOUNT_UMOUNT);
  }

  void pivot_root() {
    if (body_.target) {
      context_.patterns.diagnostics.unenforced(
          body_.target->at, "pivot_root does not change the profile: \"->\" is not enforced.");
    }
    const Part root = path(body_.mount_point), old = path(body_.old_root);
    if (root && old) add(pattern_.concat({*root, pattern_.byte(0), *old}), ASPIS_MOUNT_PIVOT_ROOT);
  }

  /// What options= and options in mean together.
  std::vector<FlagSet> flag_sets() {
    const bool remount = body_.operation == MountOperation::Remount;
    const std::uint32_t command = remount ? MS_REMOUNT : 0;
    std::vector<std::uint32_t> set, may;
    for (const MountCondition& condition : body_.options) {
      std::uint32_t on = 0, off = 0;
      for (const Word& word : condition.values) {
        if (const MountOption* option = find_name(mount_options(), word.text)) {
          (option->clears ? off : on) |= option->flags;
        }
      }
      if (condition.any_of) {
        may.push_back(on | off);
      } else {
        set.push_back(on | command);
      }
    }
    if (set.empty() && may.empty()) {
      if (remount) return {{MS_REMOUNT, kRemount.flags & ~static_cast<std::uint32_t>(MS_REMOUNT)}};
      return {{kAll, kAll}};
    }
    if (set.empty()) set.push_back(command);
    if (may.empty()) may.push_back(0);
    std::vector<FlagSet> sets;
    for (const std::uint32_t on : set) {
      for (const std::uint32_t optional : may) sets.push_back({on, optional});
    }
    return sets;
  }

  void mounts(const FlagSet& flags) {
    const bool typed = !body_.types.empty(), source = body_.source.has_value();
    const bool both = source && body_.mount_point;
    const std::uint32_t set = flags.set;
    if (set == 0 || set == kAll) {  // of every kind that the other conditions leave
      if (!source && !typed) mount(kRemount, flags);
      if (!typed) mount(kBindMount, flags);
      if (!both && !typed) mount(kChange, flags);
      if (!typed) mount(kMove, flags);
      mount(kNew, flags);
    } else if ((set & MS_REMOUNT) != 0 && !source && !typed) {
      mount(kRemount, flags);
    } else if ((set & MS_BIND) != 0 && !typed) {
      mount(kBindMount, flags);
    } else if ((set & kPropagation) != 0 && !both && !typed) {
      mount(kChange, flags);
    } else if ((set & MS_MOVE) != 0 && !typed) {
      mount(kMove, flags);
    } else if (((set | flags.may) & ~kCommands) != 0) {
      mount(kNew, flags);
    }
  }

  void mount(const Kind& kind, const FlagSet& flags) {
    // A change of propagation can name its mount point in the place of the source.
    const bool moved = !kind.source && !body_.mount_point;
    const Part point = path(moved ? body_.source : body_.mount_point);
    const Part from = kind.source ? this->source() : pattern_.any_text();
    const Part type = kind.type ? types() : pattern_.any_text();
    if (!point || !from || !type) return;
    const ExpressionId nul = pattern_.byte(0);
    add(pattern_.concat({*point, nul, *from, nul, *type, nul,
                         encoded({flags.set & kind.flags, flags.may & kind.flags})}),
        ASPIS_MOUNT_MOUNT);
  }

  Part source() {
    // apparmor.d(5): a file system that fsmount(2) made and nothing has mounted yet.
    if (body_.source && body_.source->text == "detached") return pattern_.nothing();
    return path(body_.source);
  }

  Part types() {
    if (body_.types.empty()) return pattern_.any_text();
    std::vector<Word> words;
    for (const MountCondition& condition : body_.types) {
      words.insert(words.end(), condition.values.begin(), condition.values.end());
    }
    return pattern_.names(words);
  }

  /// The four bytes of all numbers that have the flags of `set`, and others only of `may`.
  ExpressionId encoded(const FlagSet& flags) {
    std::array<ExpressionId, 4> bytes{};
    for (unsigned i = 0; i < bytes.size(); i++) {
      const unsigned shift = 24 - 8 * i;
      const unsigned may = flags.may >> shift & 0xff, set = flags.set >> shift & 0xff & ~may;
      std::vector<std::uint8_t> values;
      for (unsigned value = 0; value < 256; value++) {
        if ((value & ~may) == set) values.push_back(static_cast<std::uint8_t>(value));
      }
      bytes[i] = pattern_.one_of(values);
    }
    return pattern_.concat({bytes[0], bytes[1], bytes[2], bytes[3]});
  }

  const Rule& rule_;
  const MountRule& body_;
  const ClassContext& context_;
  SubjectPattern pattern_;
};

}  // namespace

void lower(const Rule& rule, const MountRule& body, const ClassContext& context) {
  Lowering(rule, body, context).run();
}

}  // namespace aspis::policy
