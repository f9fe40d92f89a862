// SPDX-License-Identifier: Apache-2.0
// Capabilities: bit sets, without priorities, as in AppArmor.
#include <algorithm>

#include "policy/language/names.h"
#include "policy/tables/class_rules.h"

namespace aspis::policy {

void lower(const Rule& rule, const CapabilityRule& body, const ClassContext& context) {
  CompiledProfile& compiled = context.compiled;
  const NameList names = capability_names();
  std::uint64_t bits = body.names.empty() ? ~std::uint64_t{0} : 0;
  for (const Word& word : body.names) {
    const auto at = std::find(names.begin(), names.end(), word.text);
    if (at != names.end()) bits |= std::uint64_t{1} << (at - names.begin());
  }
  const bool allow = rule.qualifiers.decision == Decision::Allow;
  (allow ? compiled.capability_allow : compiled.capability_deny) |= bits;
  if (rule.qualifiers.audit)
    compiled.capability_audit |= bits;
  else if (!allow)
    compiled.capability_quiet |= bits;
  compiled.capability_allow &= ~compiled.capability_deny;
  // security/apparmor/capability.c: quiet is looked at before audit
  compiled.capability_audit &= ~compiled.capability_quiet;
}

}  // namespace aspis::policy
