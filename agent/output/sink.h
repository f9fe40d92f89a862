// SPDX-License-Identifier: Apache-2.0
// One output: a format, a place to write to, and an exact account of what did not get there.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "agent/output/formatter.h"
#include "agent/output/writer.h"
#include "base/result.h"

namespace aspis {

/// What became of the records given to emit(), gaps not counted. emitted + lost is their number.
struct SinkTotals {
  std::uint64_t emitted = 0;  ///< written
  std::uint64_t lost = 0;     ///< refused by the full queue, or accepted and not written
};

/// Formats records and queues their lines. When the queue refuses k of them, one aspis.gap with
/// output=k stands before the next line that it accepts. Gaps that are refused themselves are added
/// up, so their counts are not lost.
class Sink {
 public:
  Sink(std::unique_ptr<Formatter> formatter, std::unique_ptr<Writer> writer)
      : formatter_(std::move(formatter)), writer_(std::move(writer)) {}

  /// Whether the format has a line for this record; the others are not to be emitted.
  [[nodiscard]] bool shows(const Record& record) const { return formatter_->shows(record); }

  /// Never blocks. Counts a record that finds the queue full.
  void emit(const Record& record);

  /// Writes the gap that is due and the summary, flushes and closes; at most `patience`.
  /// `summary.emitted` and `summary.lost.output` are filled in here. `now`: ns, CLOCK_BOOTTIME.
  /// On an error the account is in totals().
  Result<SinkTotals> close(Summary summary, std::uint64_t now, std::chrono::milliseconds patience);

  /// Bytes of all records that have been given to emit(), on their way or written; none as long as
  /// some were refused and that has not been said.
  [[nodiscard]] std::optional<std::uint64_t> accepted_bytes() const {
    return gap_due() ? std::nullopt : std::optional(accepted_bytes_);
  }
  /// Bytes of them that the output has.
  /// Records that the full queue has refused.
  [[nodiscard]] std::uint64_t refused() const { return refused_; }
  [[nodiscard]] std::uint64_t written_bytes() const { return writer_->stats().written_bytes; }

  /// Exact after close(); before, lines in the queue count as emitted.
  [[nodiscard]] SinkTotals totals() const;
  /// What the writer cannot get over at present, or never will, so that a person can be told.
  [[nodiscard]] std::optional<Error> trouble() const { return writer_->trouble(); }
  [[nodiscard]] bool failed() const { return writer_->failed(); }

 private:
  void append_due_gap(std::uint64_t time);
  void note_accepted(bool with_gap, bool event);
  [[nodiscard]] bool gap_due() const { return due_.total() != 0; }

  std::unique_ptr<Formatter> formatter_;
  std::unique_ptr<Writer> writer_;
  std::string line_;                          ///< kept for its memory
  Loss due_;                                  ///< lost, and not yet said in the output
  std::uint64_t accepted_ = 0, refused_ = 0;  ///< records
  std::uint64_t accepted_bytes_ = 0;
  std::uint64_t lines_ = 0;  ///< accepted by the writer, gaps included
  std::deque<std::uint64_t>
      other_lines_;  ///< which of them are gaps or the summary; written ones drop out
};

}  // namespace aspis
