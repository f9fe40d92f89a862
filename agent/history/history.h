// SPDX-License-Identifier: Apache-2.0
// What a log of JSON lines says of the past: of type log (chained, rotated, compressed) or file.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "agent/watch/filter.h"
#include "base/result.h"

namespace aspis {

/// "90s", "10m", "2h", "7d": that long before `now`; "2026-01-02", "2026-01-02T03:04",
/// "2026-01-02T03:04:05", then, by the local clock, or, with a Z behind it, by UTC. ns since 1970,
/// as `now` is.
Result<std::int64_t> parse_since(const std::string& text, std::int64_t now);

struct HistoryOptions {
  std::string path;        ///< of the file that is written to; those before it are read, too
  std::int64_t since = 0;  ///< ns since 1970
  Filter filter;
};

/// What could not be shown.
struct HistoryRead {
  std::uint64_t unreadable = 0;  ///< lines that are no JSON objects
};

/// Calls `record` for each record that is not older than `since` and passes the filter, in the
/// order in which they were written; `text` is its line, without the newline. Fails if a file
/// cannot be read, or there is none.
Result<HistoryRead> read_history(
    const HistoryOptions& options,
    const std::function<void(std::string_view text, const nlohmann::json& record)>& record);

/// The line as an output that is not chained has it: without `record` and `chain`.
std::string_view without_chain(std::string_view line, std::string& memory);

}  // namespace aspis
