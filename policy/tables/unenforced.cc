// SPDX-License-Identifier: Apache-2.0
#include "policy/tables/unenforced.h"

#include <string>

#include "policy/tables/context_path.h"

namespace aspis::policy {
namespace {

class Teller {
 public:
  Teller(const PatternContext& context, const KernelSide& kernel)
      : context_(context), kernel_(kernel) {}

  void head(const Profile& profile) {
    if (profile.launches.empty() || kernel_.launch) return;
    tell(profile.launches.front().kind.at,
         "python= is not enforced yet: the profile attaches to nothing by itself.");
  }

  void rules(const Profile& profile) {
    for (const Rule& rule : profile.rules) {
      if (rule.qualifiers.audited && !kernel_.audited) {
        tell(rule.at, "audited is not enforced yet: the rule grants nothing.");
      }
      std::visit([&](const auto& body) { this->rule(rule, body); }, rule.body);
    }
  }

  void package(const Profile& package) {
    if (kernel_.packages) {
      rules(package);
    } else {
      tell(package.at, "package is not enforced yet: its rules restrict nothing.");
    }
  }

 private:
  void tell(Position at, std::string message) {
    context_.diagnostics.unenforced(at, std::move(message));
  }

  template <class Body>
  void rule(const Rule& /*rule*/, const Body& /*body*/) {}

  void rule(const Rule& rule, const PythonRule& /*body*/) {
    if (kernel_.python_events) return;
    tell(rule.at, "python rules are not enforced yet: every event is allowed.");
  }
  void rule(const Rule& rule, const ChangeOnRule& body) {
    if (kernel_.change_on_event || body.event.text != "python") return;
    tell(rule.at, "change_profile on python is not enforced yet: the profile stays.");
  }
  void rule(const Rule& rule, const RequireRule& /*body*/) {
    if (kernel_.signatures) return;
    tell(rule.at, "require signed is not enforced yet: code need not be signed.");
  }
  void rule(const Rule& rule, const FileRule& body) {
    path(rule, body.path);
    path(rule, body.link_target);
  }
  void rule(const Rule& rule, const LinkRule& body) {
    path(rule, body.link);
    path(rule, body.target);
  }

  void path(const Rule& rule, const std::optional<Word>& word) {
    if (!word || kernel_.contexts || !may_refer_to_context(*word, context_)) return;
    for (const std::string& text : expand_path(*word, context_)) {
      if (context_pieces(text).size() == 1) continue;
      tell(rule.at,
           "@{ctx.…} is not enforced yet: no thread has a context, so that the rule " +
               std::string(rule.qualifiers.decision == Decision::Allow ? "grants nothing."
                                                                       : "denies nothing."));
      return;
    }
  }

  const PatternContext& context_;
  const KernelSide& kernel_;
};

}  // namespace

void tell_unenforced(const Profile& profile, const PatternContext& context,
                     const KernelSide& kernel) {
  Teller teller(context, kernel);
  teller.head(profile);
  teller.rules(profile);
  for (const Profile& package : profile.packages) teller.package(package);
}

}  // namespace aspis::policy
