// SPDX-License-Identifier: Apache-2.0
// What a package restricts: a class that it has rules of. Once one of them allows, it restricts the
// class to what is allowed; where all of them deny, the rest of the class stays allowed.
#pragma once

#include <cstdint>

#include "policy/language/syntax.h"

namespace aspis::policy {

/// The bit of each aspis_class that a package has rules of.
std::uint16_t restricted_classes(const Profile& package);

/// The package with rules of the lowest priority that allow all of the classes that it only denies
/// in, and with x instead of its exec modes.
Profile with_defaults(const Profile& package);

}  // namespace aspis::policy
