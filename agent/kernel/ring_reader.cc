// SPDX-License-Identifier: Apache-2.0
// The layout is the kernel's interface (kernel/bpf/ringbuf.c): a page that the reader writes, a
// page that the kernel writes, the data. A record is a head of eight bytes, whose first four are
// its length with two flags, and bytes, padded to a multiple of eight.
#include "agent/kernel/ring_reader.h"

#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

namespace aspis {
namespace {

constexpr std::size_t kHead = BPF_RINGBUF_HDR_SZ;
/// Of the data, mapped at a time, and no record is longer: the kernel maps all pages at once, and
/// all of the data would count as memory of this process, twice.
constexpr std::size_t kWindow = std::size_t{1} << 20;

std::uint64_t load(const std::byte* at) {
  return __atomic_load_n(reinterpret_cast<const std::uint64_t*>(at), __ATOMIC_ACQUIRE);
}

}  // namespace

RingReader::~RingReader() {
  if (consumer_ != nullptr) ::munmap(consumer_, page_);
  if (producer_ != nullptr) ::munmap(const_cast<std::byte*>(producer_), page_);
  if (window_ != nullptr) ::munmap(window_, 2 * window_bytes_);
}

Result<> RingReader::open(int map_fd, bool keeping) {
  keeping_ = keeping;
  map_fd_ = map_fd;
  bpf_map_info info{};
  std::uint32_t length = sizeof(info);
  if (bpf_obj_get_info_by_fd(map_fd, &info, &length) != 0)
    return fail_errno("cannot look at a ring buffer");
  page_ = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  bytes_ = info.max_entries;
  window_bytes_ = std::min(bytes_, kWindow);
  void* mapped = ::mmap(nullptr, page_, PROT_READ | PROT_WRITE, MAP_SHARED, map_fd, 0);
  if (mapped == MAP_FAILED) return fail_errno("cannot map a ring buffer");
  consumer_ = static_cast<std::byte*>(mapped);
  mapped = ::mmap(nullptr, page_, PROT_READ, MAP_SHARED, map_fd, static_cast<off_t>(page_));
  if (mapped == MAP_FAILED) return fail_errno("cannot map a ring buffer");
  producer_ = static_cast<const std::byte*>(mapped);
  mapped = ::mmap(nullptr, 2 * window_bytes_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return fail_errno("no room for a ring buffer");
  window_ = static_cast<std::byte*>(mapped);
  position_ = load(consumer_);
  return {};
}

/// Maps the window that the record begins in, and the next one behind it, which is the first again
/// at the end of the data: so no record is torn.
Result<const std::byte*> RingReader::record_at(std::uint64_t position) {
  const std::uint64_t at = position & ~std::uint64_t{window_bytes_ - 1};
  if (at != window_at_) {
    window_at_ = kNowhere;
    for (const std::size_t half : {std::size_t{0}, window_bytes_}) {
      const auto offset = static_cast<off_t>(2 * page_ + ((at + half) & (bytes_ - 1)));
      if (::mmap(window_ + half, window_bytes_, PROT_READ, MAP_SHARED | MAP_FIXED, map_fd_,
                 offset) == MAP_FAILED)
        return fail_errno("cannot map a ring buffer");
    }
    window_at_ = at;
  }
  return window_ + (position - at);
}

Result<std::size_t> RingReader::read(const Sink& sink) {
  std::size_t count = 0;
  while (position_ < load(producer_)) {
    const std::byte* record = TRY(record_at(position_));
    const std::uint32_t head =
        __atomic_load_n(reinterpret_cast<const std::uint32_t*>(record), __ATOMIC_ACQUIRE);
    if ((head & BPF_RINGBUF_BUSY_BIT) != 0) break;  // reserved, and still being written
    const std::size_t length = head & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
    position_ += (kHead + length + 7) / 8 * 8;
    if ((head & BPF_RINGBUF_DISCARD_BIT) == 0) {
      sink({record + kHead, length});
      ++count;
    }
    if (!keeping_) release(position_);
  }
  return count;
}

/// Ordered before what is read next: the kernel wakes nobody for a record that it writes while an
/// older one has not been released.
void RingReader::release(std::uint64_t position) {
  __atomic_store_n(reinterpret_cast<std::uint64_t*>(consumer_), position, __ATOMIC_SEQ_CST);
}

std::uint64_t RingReader::waiting() const {
  return load(producer_) - load(consumer_);
}

}  // namespace aspis
