// SPDX-License-Identifier: Apache-2.0
// Python values as JSON. docs/events.md describes the encoding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "agent/event/event.h"
#include "agent/event/record.h"

namespace aspis {

/// How much of the values to keep; what is left out is named in the cut list.
struct ValueLimits {
  std::size_t text = SIZE_MAX;   ///< code points of a str, bytes of a bytes
  std::size_t items = SIZE_MAX;  ///< elements of a tuple or list
  std::size_t total = SIZE_MAX;  ///< bytes of JSON after which texts and containers are left empty
};

/// The limits for arguments that are repeated in each event that they caused.
inline constexpr ValueLimits kCauseLimits{64, 8, 192};

/// Arguments of an audit event, serialised.
struct ArgumentsJson {
  std::string args;  ///< object, name to value
  std::string cut;   ///< list of paths ("args.source", "args.args[3]") of what is cut; empty: none
};

/// Arguments by their documented names, or by their index ("0") when they have none.
/// `cut` also says "event" when the name is cut, and "args" when arguments are missing.
ArgumentsJson arguments_json(const PythonPayload& payload, const ValueLimits& limits = {});

/// Fills args and cut of a cause, within kCauseLimits. What Correlator calls Serialise.
void serialise_cause(const PythonPayload& payload, Cause& cause);

}  // namespace aspis
