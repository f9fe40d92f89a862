// SPDX-License-Identifier: Apache-2.0
// Reads a BPF ring buffer, and gives its room back only when it is told to, if that is wanted:
// records that were read and not released are there for the next reader, whatever becomes of this
// one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include "base/result.h"

namespace aspis {

/// One reader at a time: two would be handed the same records. Not thread-safe.
class RingReader {
 public:
  using Sink = std::function<void(std::span<const std::byte>)>;

  RingReader() = default;
  RingReader(const RingReader&) = delete;
  RingReader& operator=(const RingReader&) = delete;
  ~RingReader();

  /// Reads the ring behind `map_fd`, which must outlive this, from what nobody has released yet.
  /// `keeping`: only release() gives room back; else each record does when the sink has returned.
  Result<> open(int map_fd, bool keeping);

  /// Hands records that have been written completely to the sink, in their order; returns how many.
  /// The bytes are valid during the call. Fails if the kernel has no memory to map them.
  Result<std::size_t> read(const Sink& sink);
  /// Behind the last record read.
  [[nodiscard]] std::uint64_t position() const { return position_; }
  /// Records before `position` are not needed any more.
  void release(std::uint64_t position);
  /// Bytes that wait to be released, those not read yet included.
  [[nodiscard]] std::uint64_t waiting() const;

 private:
  static constexpr std::uint64_t kNowhere = UINT64_MAX;
  Result<const std::byte*> record_at(std::uint64_t position);

  std::byte* consumer_ = nullptr;        ///< a page, at its begin the position that is released
  const std::byte* producer_ = nullptr;  ///< a page, at its begin how far records were reserved
  std::byte* window_ = nullptr;          ///< two windows of the data in a row, each window_bytes_
  std::size_t page_ = 0, bytes_ = 0;     ///< bytes: of the data; a power of two
  std::size_t window_bytes_ = 0;         ///< a power of two
  std::uint64_t window_at_ = kNowhere;   ///< position that window_ begins with
  int map_fd_ = -1;
  std::uint64_t position_ = 0;
  bool keeping_ = false;
};

}  // namespace aspis
