// SPDX-License-Identifier: Apache-2.0
// What the language has beyond AppArmor's, and whether the kernel side does it.
#pragma once

#include "policy/language/syntax.h"
#include "policy/tables/pattern.h"

namespace aspis::policy {

/// The one place that says what the kernel side evaluates; who teaches it more, says so here.
struct KernelSide {
  bool launch = false;           ///< python=(…)
  bool python_events = false;    ///< python rules
  bool change_on_event = false;  ///< change_profile on python EVENT
  bool audited = false;          ///< audited file rules
  bool packages = false;         ///< package NAME { … }
  bool contexts = false;         ///< @{ctx.KEY}
  bool signatures = false;       ///< require signed
};
inline constexpr KernelSide kKernelSide{.launch = true,
                                        .python_events = true,
                                        .change_on_event = true,
                                        .audited = true,
                                        .packages = true,
                                        .contexts = true,
                                        .signatures = true};

/// Tells of each rule of a profile that it does not.
void tell_unenforced(const Profile& profile, const PatternContext& context,
                     const KernelSide& kernel = kKernelSide);

}  // namespace aspis::policy
