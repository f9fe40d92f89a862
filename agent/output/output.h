// SPDX-License-Identifier: Apache-2.0
// What all outputs have in common: records go in, and nothing ever waits.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "agent/event/record.h"
#include "base/result.h"

namespace aspis {

class Output {
 public:
  virtual ~Output() = default;

  /// Whether this record is to be emitted here. Asked once for each; counts those that are not.
  virtual bool wants(const Record& record) = 0;
  /// Never blocks. What finds no room is counted, and told of in the output as aspis.gap. Gaps are
  /// emitted without having been asked for.
  virtual void emit(const Record& record) = 0;
  /// Time has passed: about ten times a second.
  virtual void tick() {}
  /// How far it has come in taking what was emitted, all of it; none as long as some was refused
  /// and that has not been said. Grows.
  [[nodiscard]] virtual std::optional<std::uint64_t> mark() const { return 0; }
  /// Whether what was emitted before that mark is written, so that it outlives this process, or
  /// never will be.
  [[nodiscard]] virtual bool has_written(std::uint64_t /*mark*/) const { return true; }
  /// Something is wrong with it for good, or was for a while: the first error.
  [[nodiscard]] virtual bool failed() const { return false; }
  /// Records that it had no room for, until now.
  [[nodiscard]] virtual std::uint64_t lost() const { return 0; }
  /// The end: writes what is due and `summary`, completed by what this output knows itself. An
  /// error says how many records are missing. `now`: ns, CLOCK_BOOTTIME.
  virtual Result<> close(const Summary& summary, std::uint64_t now,
                         std::chrono::milliseconds patience) = 0;
};

}  // namespace aspis
