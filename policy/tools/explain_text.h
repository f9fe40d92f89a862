// SPDX-License-Identifier: Apache-2.0
// An answer for people.
#pragma once

#include <string>

#include "policy/language/source.h"
#include "policy/tools/explain.h"

namespace aspis::policy {

/// The verdict in a line, and for each permission the rules that decide, those that lose and why,
/// each with its place as diagnostics show it.
std::string explain_text(const Answer& answer, const Question& question, const Explained& explained,
                         std::uint16_t id, const Sources& sources);

/// The same of an audit event.
std::string explain_text(const Answer& answer, const EventQuestion& question,
                         const Explained& explained, std::uint16_t id, const Sources& sources);

}  // namespace aspis::policy
