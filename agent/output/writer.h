// SPDX-License-Identifier: Apache-2.0
// A bounded queue of lines and the thread that writes them, so that a slow reader of the output
// never holds up the ring.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "agent/output/write_target.h"
#include "base/fd.h"
#include "base/result.h"

namespace aspis {

struct WriterOptions {
  std::size_t capacity = std::size_t{8} << 20;  ///< bytes accepted and not yet written
  std::chrono::milliseconds retry{100};         ///< pause after an error that may pass (disk full)
};

/// Lines and bytes that push() accepted. While the writer runs, the rest is in the queue.
struct OutputStats {
  std::uint64_t written = 0;  ///< whole lines
  std::uint64_t lost = 0;     ///< lines that were not written, or not wholly; known after an error
  std::uint64_t written_bytes = 0;
  std::uint64_t lost_bytes = 0;
};

/// Writes lines to a file descriptor, or another target, in the order in which they came.
/// What a long queue took is given back when it has been written.
///
/// A disk that is full (ENOSPC, EDQUOT), a directory that is gone (ENOENT), or somebody who does
/// not listen (ECONNREFUSED, …) is tried again until that has passed or the writer is closed, so
/// that lines pile up in the queue and the loss appears where push() refuses. Any other error is
/// final: what was accepted and not written is lost, and push() refuses from then on. A line that
/// was begun is completed before any other, so the output never holds a torn line but the very
/// last.
///
/// push() and close() belong to one thread; stats() and error() may be called from any.
class Writer {
 public:
  using Clock = std::chrono::steady_clock;

  /// Takes over `fd`, which may be a file, pipe, terminal or socket. Its file status flags are not
  /// changed, as other processes may share it.
  static Result<std::unique_ptr<Writer>> create(Fd fd, const WriterOptions& options = {});
  explicit Writer(std::unique_ptr<WriteTarget> target, const WriterOptions& options = {});

  /// Closes, waiting at most a second, if close() was not called.
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  /// Queues whole lines, all or none of them; false when the queue has no room, or the writer has
  /// failed. Never blocks on the output. An empty queue accepts a chunk of any size.
  bool push(std::string_view lines);

  /// As push(), but waits for room, at most until `deadline`.
  bool push_until(std::string_view lines, Clock::time_point deadline);

  /// Writes what is queued, at most until `deadline` (a regular file is not interrupted), and ends
  /// the thread. The first error, if lines are missing because of it or because time ran out. Later
  /// calls say the same.
  Result<> close(Clock::time_point deadline);

  [[nodiscard]] OutputStats stats() const;
  /// The first error, also one that passed.
  [[nodiscard]] std::optional<Error> error() const;
  /// An error that may pass, as long as it is tried again: what is it? Also one that was final.
  [[nodiscard]] std::optional<Error> trouble() const;
  /// It has ended: an error was final.
  [[nodiscard]] bool failed() const;

 private:
  bool push_locked(std::string_view lines);
  void run();
  bool next_batch(std::string& batch);
  void write_batch(std::string_view batch);
  bool after_error(int code);
  void account(std::string_view written);
  void give_up(std::string_view rest);
  [[nodiscard]] bool expired() const;

  const WriterOptions options_;
  std::unique_ptr<WriteTarget> target_;  ///< used by the thread only

  mutable std::mutex mutex_;
  std::condition_variable wake_;   ///< the thread waits: for lines, or for closing
  std::condition_variable space_;  ///< close() and push_until() wait
  std::string pending_;            ///< accepted, not yet taken by the thread
  std::size_t in_flight_ = 0;      ///< bytes that the thread has taken and not written
  OutputStats stats_;
  std::optional<Error> error_, trouble_;
  bool failed_ = false, closing_ = false;
  bool waiting_ = false;  ///< the thread sleeps in wake_
  Clock::time_point deadline_ = Clock::time_point::max();
  std::thread thread_;
};

}  // namespace aspis
