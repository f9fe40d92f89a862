// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/event_rings.h"

#include <sys/epoll.h>

#include <cstring>
#include <set>
#include <utility>

#include "bpf/abi/event.h"

namespace aspis {
namespace {

template <class T>
T field(std::span<const std::byte> record, std::size_t offset, std::size_t whole) {
  T value{};
  if (record.size() >= whole) std::memcpy(&value, record.data() + offset, sizeof(value));
  return value;
}

/// Its place among all events.
std::uint64_t number_of(std::span<const std::byte> record) {
  return field<std::uint64_t>(record, offsetof(aspis_event, seq), sizeof(aspis_event));
}

/// enum aspis_kind, or ASPIS_KIND_CODE.
std::uint16_t kind_of(std::span<const std::byte> record) {
  static_assert(offsetof(aspis_event, kind) == offsetof(aspis_code, kind));
  return field<std::uint16_t>(record, offsetof(aspis_code, kind), sizeof(aspis_code));
}

using ProcessKey = std::pair<std::uint32_t, std::uint64_t>;
ProcessKey process_of(std::span<const std::byte> record) {
  return {field<std::uint32_t>(record, offsetof(aspis_event, pid), sizeof(aspis_event)),
          field<std::uint64_t>(record, offsetof(aspis_event, start), sizeof(aspis_event))};
}

}  // namespace

/// Edges, not levels: as long as records are kept, their ring is never empty.
Result<> EventRings::open(int events_map, int denials_map, bool keeping) {
  TRYV(events_.open(events_map, false));
  TRYV(denials_.open(denials_map, keeping));
  wait_ = Fd(::epoll_create1(EPOLL_CLOEXEC));
  if (!wait_.valid()) return fail_errno("cannot wait for the ring buffers");
  for (const int map : {events_map, denials_map}) {
    epoll_event wanted{};
    wanted.events = EPOLLIN | EPOLLET;
    if (::epoll_ctl(wait_.get(), EPOLL_CTL_ADD, map, &wanted) != 0)
      return fail_errno("cannot wait for the ring buffers");
  }
  backlog_ = keeping;
  return {};
}

/// Denials first: what they were caused by is in the other ring by the time they are in theirs, so
/// that holding them back until their turn by number brings both rings into order. What is sent of
/// a code object is no event, and does not wait.
Result<std::size_t> EventRings::consume() {
  epoll_event ready[2];
  if (::epoll_wait(wait_.get(), ready, 2, 0) < 0 && errno != EINTR)
    return fail_errno("cannot wait for the ring buffers");
  std::size_t count = TRY(denials_.read([this](std::span<const std::byte> bytes) {
    if (kind_of(bytes) == ASPIS_KIND_CODE)
      sink_(bytes);
    else
      held_.emplace_back(bytes.begin(), bytes.end());
  }));
  if (std::exchange(backlog_, false))
    count += TRY(consume_backlog());
  else
    count += TRY(events_.read([this](std::span<const std::byte> bytes) { hand(bytes); }));
  release_held(UINT64_MAX);
  return count;
}

void EventRings::hand(std::span<const std::byte> bytes) {
  release_held(number_of(bytes));
  sink_(bytes);
}

void EventRings::release_held(std::uint64_t before) {
  while (!held_.empty() && number_of(held_.front()) < before) {
    sink_(held_.front());
    held_.pop_front();
  }
}

/// What profiles have reported while no agent ran is of processes that this one hears of only now
/// (process.found): they come first. Not if the process has executed something since, which is
/// behind it in the ring: what was found is not what it was then.
Result<std::size_t> EventRings::consume_backlog() {
  std::vector<Record> records;
  std::set<ProcessKey> changed;
  TRY(events_.read([&](std::span<const std::byte> bytes) {
    records.emplace_back(bytes.begin(), bytes.end());
    if (kind_of(bytes) == ASPIS_PROCESS_EXEC) changed.insert(process_of(bytes));
  }));
  const auto comes_first = [&](const Record& record) {
    return kind_of(record) == ASPIS_PROCESS_FOUND && !changed.contains(process_of(record));
  };
  for (const Record& record : records)
    if (comes_first(record)) sink_(record);
  for (const Record& record : records)
    if (!comes_first(record)) hand(record);
  return records.size();
}

}  // namespace aspis
