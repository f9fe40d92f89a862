// SPDX-License-Identifier: Apache-2.0
// Bytes at offsets, of a file or of memory. Files are read, never mapped: a file that shrinks while
// it is looked at must not raise SIGBUS in an agent that runs as root.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>

#include <unistd.h>

namespace aspis::elf {

class ByteSource {
 public:
  /// `fd` must stay open; `size` is the file's size in bytes.
  ByteSource(int fd, std::uint64_t size) : fd_(fd), size_(size) {}
  /// `bytes` must outlive the source.
  explicit ByteSource(std::span<const char> bytes) : bytes_(bytes), size_(bytes.size()) {}

  [[nodiscard]] std::uint64_t size() const { return size_; }

  /// Fills `to` from `offset`; false if the source ends before.
  [[nodiscard]] bool read(std::uint64_t offset, void* to, std::size_t length) const {
    if (offset > size_ || length > size_ - offset) return false;
    if (fd_ < 0) {
      if (length != 0) std::memcpy(to, bytes_.data() + offset, length);
      return true;
    }
    auto* out = static_cast<char*>(to);
    while (length != 0) {
      const ssize_t got = ::pread(fd_, out, length, static_cast<off_t>(offset));
      if (got <= 0) return false;
      out += got;
      offset += static_cast<std::uint64_t>(got);
      length -= static_cast<std::size_t>(got);
    }
    return true;
  }

  /// The bytes at `offset`; nothing if they are not all there or more than `limit`.
  [[nodiscard]] std::optional<std::string> read(std::uint64_t offset, std::uint64_t length,
                                                std::uint64_t limit) const {
    if (length > limit || offset > size_ || length > size_ - offset) return std::nullopt;
    std::string bytes(length, '\0');
    if (!read(offset, bytes.data(), bytes.size())) return std::nullopt;
    return bytes;
  }

 private:
  int fd_ = -1;
  std::span<const char> bytes_;
  std::uint64_t size_ = 0;
};

}  // namespace aspis::elf
