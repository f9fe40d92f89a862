// SPDX-License-Identifier: Apache-2.0
// The object of a compact line: what was opened, connected to, raised.
#pragma once

#include <cstddef>
#include <string>

#include "agent/event/event.h"

namespace aspis {

/// Appends what follows the verb, with a space before it, or nothing. Arguments (argv, Python
/// values) are cut to about `limit` columns; paths are not.
void append_object(std::string& out, const Event& event, std::size_t limit);

}  // namespace aspis
