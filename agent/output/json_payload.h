// SPDX-License-Identifier: Apache-2.0
// The part of a JSON line that depends on the kind of event.
#pragma once

#include "agent/event/event.h"
#include "agent/output/json_text.h"

namespace aspis {

/// Appends the member named after the payload ("file":{…}) to the open object.
void append_payload(JsonWriter& json, const Event& event);

}  // namespace aspis
