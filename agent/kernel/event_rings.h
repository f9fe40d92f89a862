// SPDX-License-Identifier: Apache-2.0
// The two rings of events, put into one order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <vector>

#include "agent/kernel/ring_reader.h"
#include "base/fd.h"
#include "base/result.h"

namespace aspis {

/// Not thread-safe.
class EventRings {
 public:
  using Sink = std::function<void(std::span<const std::byte>)>;

  explicit EventRings(Sink sink) : sink_(std::move(sink)) {}

  /// `keeping`: what profiles report stays in its ring until release(), and what is there already
  /// is what an agent before this one left. Other events are gone once they are read.
  Result<> open(int events_map, int denials_map, bool keeping);

  /// As Observer has them.
  [[nodiscard]] int fd() const { return wait_.get(); }
  Result<std::size_t> consume();
  [[nodiscard]] std::uint64_t handed() const { return denials_.position(); }
  void release(std::uint64_t handed) { denials_.release(handed); }
  /// Bytes of what profiles have reported that nobody has released.
  [[nodiscard]] std::uint64_t waiting_denials() const { return denials_.waiting(); }

 private:
  using Record = std::vector<std::byte>;

  void hand(std::span<const std::byte> bytes);
  void release_held(std::uint64_t before);
  Result<std::size_t> consume_backlog();

  Sink sink_;
  RingReader events_, denials_;
  Fd wait_;
  std::deque<Record> held_;  ///< denials that wait for their turn
  bool backlog_ = false;     ///< what waits has been left by another agent
};

}  // namespace aspis
