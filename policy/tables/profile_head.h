// SPDX-License-Identifier: Apache-2.0
// Name, attachment and flags of a profile.
#pragma once

#include <string>

#include "policy/language/syntax.h"
#include "policy/tables/compiled.h"
#include "policy/tables/pattern.h"

namespace aspis::policy {

/// The name of a profile among all: ":NAMESPACE:PARENT//NAME" as far as there are such.
std::string full_name(const Profile& profile, const std::string& parent,
                      const PatternContext& context);

/// Fills in all that the head of a profile says.
void lower_head(const Profile& profile, const PatternContext& context, CompiledProfile& compiled);

/// Number of a signal or an errno by its name; 0: there is none such on this machine.
std::uint8_t signal_number(std::string_view name);
std::uint16_t errno_number(std::string_view name);

}  // namespace aspis::policy
