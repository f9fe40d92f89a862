// SPDX-License-Identifier: Apache-2.0
// Lines for many readers: made once for all who want the same format and events, kept for a while
// for those who are slow, and never longer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>

#include "agent/event/record.h"
#include "agent/output/formatter.h"
#include "agent/watch/filter.h"

namespace aspis {

/// Lines that were made together, and are sent together.
struct Chunk {
  std::string lines;
};

class Stream {
 public:
  /// Keeps about `capacity` bytes for readers that lag behind.
  Stream(Filter filter, std::unique_ptr<Formatter> formatter, std::size_t capacity)
      : filter_(std::move(filter)), formatter_(std::move(formatter)), capacity_(capacity) {}

  [[nodiscard]] bool wants(const Record& record) const {
    return filter_.passes(record) && formatter_->shows(record);
  }
  void emit(const Record& record);
  /// What was emitted until now becomes a chunk, if it is anything.
  void seal();

  /// A reader's place: what it reads next, and what it has had.
  struct Place {
    std::uint64_t chunk = 0;
    Loss before;  ///< as Kept::after, of the chunk before
  };
  /// Where a reader begins who wants what comes from now on. seal() first.
  [[nodiscard]] Place end() const { return {first_ + chunks_.size(), sealed_}; }
  /// The chunk at `place`, which moves on to the next; null: the reader has all there is. Who was
  /// too slow and has lost chunks gets a line that says how many events were in them (aspis.gap),
  /// and goes on at the oldest chunk that is left. `now`: ns, CLOCK_BOOTTIME.
  std::shared_ptr<const Chunk> next(Place& place, std::uint64_t now);

  /// Events lost to readers that were too slow, over all readers.
  [[nodiscard]] std::uint64_t lost() const { return lost_; }

  /// All readers are at `chunk`, or further: those before it are not needed any more.
  void forget(std::uint64_t chunk);
  /// Bytes that are kept for readers.
  [[nodiscard]] std::size_t kept() const { return bytes_; }

 private:
  void drop_oldest();

  /// A chunk, and all that was emitted up to its end: events count as `output`, and gaps by the
  /// stage that they told of.
  struct Kept {
    std::shared_ptr<const Chunk> chunk;
    Loss before, after;
  };

  Filter filter_;
  std::unique_ptr<Formatter> formatter_;
  std::size_t capacity_;
  std::string open_;  ///< lines that are no chunk yet
  Loss sealed_;       ///< all that is in chunks, or was
  Loss emitted_;      ///< and what is in open_
  std::deque<Kept> chunks_;
  std::uint64_t first_ = 0;  ///< number of chunks_.front()
  std::size_t bytes_ = 0;    ///< in chunks_
  std::uint64_t lost_ = 0;
};

}  // namespace aspis
