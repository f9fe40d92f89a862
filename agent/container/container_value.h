// SPDX-License-Identifier: Apache-2.0
// A container by the keys of container=(…) in a profile's head.
#pragma once

#include <string>
#include <string_view>

#include "agent/event/container.h"

namespace aspis {

/// "id", "image", "name", "namespace", "pod", "runtime" or "label.NAME"; empty: it has none, or it
/// is not known.
std::string container_value(const Container& container, std::string_view key);

}  // namespace aspis
