// SPDX-License-Identifier: Apache-2.0
// A piece of a BPF map's memory. The kernel maps all pages of what is asked for at once, and each
// counts as memory of this process: who needs little maps little.
#pragma once

#include <cstddef>
#include <utility>

#include "base/result.h"

namespace aspis {

class MapWindow {
 public:
  /// Maps `bytes` at `offset` of an array map with BPF_F_MMAPABLE (bpf(2)), with what shares their
  /// pages. `map_fd` may be closed afterwards.
  static Result<MapWindow> open(int map_fd, std::size_t offset, std::size_t bytes, bool writable);

  MapWindow(MapWindow&& other) noexcept
      : mapped_(std::exchange(other.mapped_, nullptr)), length_(other.length_), at_(other.at_) {}
  MapWindow& operator=(MapWindow&& other) noexcept {
    std::swap(mapped_, other.mapped_);
    std::swap(length_, other.length_);
    std::swap(at_, other.at_);
    return *this;
  }
  ~MapWindow();

  /// The byte at `offset`.
  [[nodiscard]] std::byte* data() const { return static_cast<std::byte*>(mapped_) + at_; }

 private:
  MapWindow(void* mapped, std::size_t length, std::size_t at)
      : mapped_(mapped), length_(length), at_(at) {}

  void* mapped_;
  std::size_t length_, at_;
};

}  // namespace aspis
