// SPDX-License-Identifier: Apache-2.0
#include "agent/watch/tamper.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cinttypes>
#include <cstring>
#include <fstream>
#include <sstream>
#include <thread>

#include "base/fd.h"
#include "base/log.h"

namespace aspis {
namespace {

constexpr std::uint64_t kMillisecond = 1'000'000;
constexpr std::uint64_t kInterval = 2000 * kMillisecond;
// The kernel puts a probe into place while a file is being mapped, the semaphore's part of it a
// moment after the code's: nothing is believed that was seen once only.
constexpr std::uint64_t kSecondLook = 150 * kMillisecond;
constexpr unsigned kLooksToTell = 2;
constexpr std::size_t kLooksATick = 256;
constexpr std::size_t kFilesMax = 4096;
constexpr std::uint8_t kBreakpoint = 0xcc, kCall = 0xe8;

std::string proc(pid_t pid) {
  return "/proc/" + std::to_string(pid);
}

/// Whether the pid is still that of the process which began then: field 22 of proc_pid_stat(5).
bool is_same(const ProcessId& process) {
  std::ifstream file(proc(static_cast<pid_t>(process.pid)) + "/stat");
  std::string line;
  std::getline(file, line);
  const std::size_t end = line.rfind(')');
  if (end == std::string::npos) return false;
  std::istringstream words(line.substr(end + 1));
  std::string word;
  for (int field = 3; field <= 22 && words >> word; ++field) {
  }
  const auto tick = 1000 * kMillisecond / static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  return std::strtoull(word.c_str(), nullptr, 10) == process.start / tick;
}

}  // namespace

void Tamper::remove_target(const File& file) {
  if (targets_.erase(file) == 0) return;
  for (auto& [process, watched] : watched_) watched.resolved = false;
}

void Tamper::add(const ProcessId& process, std::uint64_t now) {
  const auto [entry, fresh] = watched_.try_emplace(process);
  if (fresh) entry->second.due = now + kSecondLook;
}

void Tamper::fork(const ProcessId& parent, const ProcessId& child, std::uint64_t now) {
  if (watched_.contains(parent)) add(child, now);
}

void Tamper::suspect(const ProcessId& process) {
  if (const auto entry = watched_.find(process); entry != watched_.end()) entry->second.due = 0;
}

/// Device and inode as stat(2) gives them, of a mapped file. They may differ from the kernel's in
/// /proc/PID/maps (overlayfs, btrfs).
const Tamper::File& Tamper::file_of(pid_t pid, const elf::Mapping& mapping) {
  if (files_.size() >= kFilesMax) files_.clear();
  const auto [entry, fresh] = files_.try_emplace({mapping.device, mapping.inode});
  if (!fresh) return entry->second;
  char range[48];
  std::snprintf(range, sizeof(range), "/map_files/%" PRIx64 "-%" PRIx64, mapping.begin,
                mapping.end);
  struct stat status{};
  if (::stat((proc(pid) + range).c_str(), &status) == 0)
    entry->second = {status.st_dev, status.st_ino};
  return entry->second;
}

/// Where in its memory the probes are; false if it has none of the files there.
bool Tamper::resolve(const ProcessId& process, Watched& watched) {
  const auto pid = static_cast<pid_t>(process.pid);
  const auto mappings = elf::mappings_of(pid);
  if (!mappings || !is_same(process)) return false;
  std::vector<Spot> spots;
  const auto add = [&](TamperNotice notice, bool may_be_call) {
    for (const Spot& spot : spots)
      if (spot.notice.address == notice.address) return;  // semaphores are shared
    Spot spot{std::move(notice), may_be_call};
    for (const Spot& before : watched.spots)
      if (before.notice.address == spot.notice.address && before.notice.what == spot.notice.what)
        spot.strange = before.strange, spot.told = before.told;
    spots.push_back(std::move(spot));
  };
  for (const elf::Mapping& mapping : *mappings) {
    if (!mapping.allows('x')) continue;
    const auto target = targets_.find(file_of(pid, mapping));
    if (target == targets_.end()) continue;
    using What = TamperNotice::What;
    for (const Place& place : target->second.places) {
      for (const std::uint64_t at : elf::addresses_of(*mappings, mapping, place.offset, 'x'))
        add({target->second.path, What::kSite, at, 0}, place.may_be_call);
      if (place.semaphore == 0) continue;
      for (const std::uint64_t at : elf::addresses_of(*mappings, mapping, place.semaphore, 'w'))
        add({target->second.path, What::kSemaphore, at, 0}, false);
    }
  }
  watched.spots = std::move(spots);
  watched.resolved = true;
  return !watched.spots.empty();
}

/// False if there is nothing in it to look at any more.
bool Tamper::look(const ProcessId& process, Watched& watched) {
  // Before anything is told, it is made sure that these are the right addresses.
  if ((!watched.resolved || undecided(watched)) && !resolve(process, watched)) return false;
  const Fd memory(
      ::open((proc(static_cast<pid_t>(process.pid)) + "/mem").c_str(), O_RDONLY | O_CLOEXEC));
  if (!memory.valid()) {
    if (errno != ENOENT && errno != ESRCH && !refused_)
      log::warn("process {}: cannot look for tampering: {}", process.pid, std::strerror(errno));
    refused_ |= errno != ENOENT && errno != ESRCH;
    return false;
  }
  for (Spot& spot : watched.spots) {
    const bool site = spot.notice.what == TamperNotice::What::kSite;
    std::uint8_t bytes[2] = {};
    const std::size_t size = site ? 1 : sizeof(bytes);
    if (::pread(memory.get(), bytes, size, static_cast<off_t>(spot.notice.address)) !=
        static_cast<ssize_t>(size))
      continue;  // it ends, or this has been unmapped
    const bool right = site ? bytes[0] == kBreakpoint || (spot.may_be_call && bytes[0] == kCall)
                            : (bytes[0] | bytes[1]) != 0;
    spot.strange = right ? 0 : spot.strange + 1;
    spot.notice.found = bytes[0];
    if (right) spot.told = false;
    // Once more, as it may have executed another program since its mappings were read.
    if (spot.told || spot.strange < kLooksToTell || !is_same(process)) continue;
    spot.told = true;
    notify_(process, spot.notice);
  }
  return true;
}

/// A limited number at a time, and the next time those behind them.
void Tamper::tick(std::uint64_t now) {
  std::vector<ProcessId> due;
  const auto collect = [&](auto from, auto to) {
    for (; from != to && due.size() < kLooksATick; ++from)
      if (from->second.due <= now) due.push_back(from->first);
  };
  const auto middle = watched_.upper_bound(last_);
  collect(middle, watched_.end());
  collect(watched_.begin(), middle);
  for (const ProcessId& process : due) {
    Watched& watched = watched_[process];
    last_ = process;
    if (look(process, watched))
      watched.due = now + (undecided(watched) ? kSecondLook : kInterval);
    else
      watched_.erase(process);
  }
}

/// Whether something was not as it should be when it was looked at for the first time.
bool Tamper::undecided(const Watched& watched) {
  return std::any_of(watched.spots.begin(), watched.spots.end(),
                     [](const Spot& spot) { return spot.strange != 0 && !spot.told; });
}

void Tamper::finish() {
  tick(UINT64_MAX);
  const bool again = std::any_of(watched_.begin(), watched_.end(),
                                 [](const auto& entry) { return undecided(entry.second); });
  if (!again) return;
  std::this_thread::sleep_for(std::chrono::nanoseconds(kSecondLook));
  tick(UINT64_MAX);
}

}  // namespace aspis
