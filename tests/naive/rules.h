// SPDX-License-Identifier: Apache-2.0
// A second reading of file rules: each is asked by itself whether it matches, and what those that
// do say together is put together from apparmor.d(5), letter by letter. It shares no code with
// policy/, so that both are wrong only if both misread the language.
//
// Permissions are letters, as in AppArmor's log: x w r a c d k m l, and s for the subset test of a
// link. Of rules, w stands for a, c and d, too.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/naive/glob.h"

namespace aspis::naive {

enum class Whose { kAll, kOwner, kOther };

struct Rule {
  int priority = 0;
  bool audit = false;
  bool deny = false;
  Whose whose = Whose::kAll;
  std::string path;
  std::string letters;  ///< of r w a k m l
  std::string exec;     ///< "", "x" to deny it, or a mode: "ix", "px", …
  std::string target;   ///< not empty: "link PATH -> TARGET"
  bool subset = false;  ///< of such a rule

  /// As it stands in a profile.
  [[nodiscard]] std::string text() const;
};

/// Of one permission.
struct Say {
  bool allowed = false;
  bool denied = false;   ///< by a rule
  bool audited = false;  ///< reported although allowed, or although denied by a rule
  std::string exec;      ///< mode of an x that is allowed
};

class Rules {
 public:
  explicit Rules(std::vector<Rule> rules);

  /// What a path (a directory's ends in "/") is good for; of l and s, the path of a link to
  /// `target`.
  [[nodiscard]] Say say(char permission, std::string_view path, bool owner,
                        std::string_view target = {}) const;

  /// Is all of this allowed?
  [[nodiscard]] bool allow(std::string_view permissions, std::string_view path, bool owner) const;

  /// May `path` become a link to `target`? Without a target of its own, a rule asks besides that
  /// the new name gives nothing that the old one does not.
  [[nodiscard]] bool allow_link(std::string_view path, std::string_view target, bool owner) const;

  /// As they stand in a profile.
  [[nodiscard]] std::string text() const;

 private:
  struct Compiled {
    Rule rule;
    Glob path, target;
    std::string permissions;       ///< of a path
    std::string pair_permissions;  ///< of a path and a target
  };
  [[nodiscard]] std::vector<const Rule*> speaking(char permission, std::string_view path,
                                                  bool owner, std::string_view target) const;

  std::vector<Compiled> rules_;
};

/// Without ?, * and [^…]: the exec mode of such a path counts more than that of others.
bool is_name(std::string_view glob);

}  // namespace aspis::naive
