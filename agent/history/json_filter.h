// SPDX-License-Identifier: Apache-2.0
// The filters of agent/watch/filter.h, on records that are there as JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "agent/watch/filter.h"

namespace aspis {

/// As Filter::passes() said of the record when it was written, except that python_only asks whether
/// the process had raised an audit event by then.
[[nodiscard]] bool passes(const Filter& filter, const nlohmann::json& record);

}  // namespace aspis
