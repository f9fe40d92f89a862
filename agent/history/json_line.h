// SPDX-License-Identifier: Apache-2.0
// A record that is there as JSON (docs/events.md), as a line for people.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace aspis {

/// Appends the line that the compact format has for such a record, newline included: time, verb,
/// marks, process, container, causes and place are the same; of what was done, `path`, `other`,
/// addresses and arguments come first, and what else is known as MEMBER=VALUE. What is missing, or
/// of another type than documented, is left out: the file may be anybody's.
void append_json_line(const nlohmann::json& record, bool colour, std::string& out);

/// ns since 1970 of the record's `time`; -1: it has none.
std::int64_t json_time(const nlohmann::json& record);

}  // namespace aspis
