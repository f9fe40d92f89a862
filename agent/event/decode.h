// SPDX-License-Identifier: Apache-2.0
// From the bytes of one ring record to a typed Event.
#pragma once

#include <cstddef>
#include <span>

#include "agent/event/event.h"
#include "base/result.h"

namespace aspis {

/// Reads one record of the ring. `record` must stay unchanged for as long as the Event is used, as
/// the Event points into it, and must be 8-byte aligned (ring records are).
///
/// Trusts no length: whatever doesn't fit is an Error that says which part, and nothing outside
/// `record` is read. Bytes after the tail are ignored. Allocates for exec (argv) and Python
/// (arguments) only.
Result<Event> decode(std::span<const std::byte> record);

}  // namespace aspis
