// SPDX-License-Identifier: Apache-2.0
// Code of a process can switch off in its own memory what we have put there: the semaphore that
// tells the interpreter that somebody listens, and the breakpoint itself. Nothing keeps it from
// that; it is found by looking from time to time. Nothing is repaired.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "agent/event/interpreter.h"
#include "agent/event/record.h"
#include "probes/elf/mappings.h"

namespace aspis {

class Tamper {
 public:
  /// Hears of each place that is not as it should be, once until it is again.
  using Notify = std::function<void(const ProcessId&, const TamperNotice&)>;
  using File = std::pair<std::uint64_t, std::uint64_t>;  ///< device and inode, by stat(2)

  /// One instruction of a file that has a probe.
  struct Place {
    std::uint64_t offset = 0, semaphore = 0;  ///< in the file; semaphore 0: it has none
    bool may_be_call = false;  ///< a nop of 5 bytes, which the kernel may make a call (6.18)
  };
  struct Target {
    std::string path;
    std::vector<Place> places;
  };

  explicit Tamper(Notify notify) : notify_(std::move(notify)) {}

  void add_target(const File& file, Target target) { targets_[file] = std::move(target); }
  void remove_target(const File& file);
  [[nodiscard]] bool has_target(const File& file) const { return targets_.contains(file); }

  /// The process runs one of the files, or may: it is looked at from now on.
  void add(const ProcessId& process, std::uint64_t now);
  /// A child has its parent's memory.
  void fork(const ProcessId& parent, const ProcessId& child, std::uint64_t now);
  /// It has ended, or has another image.
  void forget(const ProcessId& process) { watched_.erase(process); }
  /// Something else speaks for tampering: it is looked at next.
  void suspect(const ProcessId& process);

  /// Looks at those whose turn it is: each at least every five seconds. Call about ten times a
  /// second; `now` is ns, CLOCK_BOOTTIME.
  void tick(std::uint64_t now);
  /// Looks at all of them, for the last time.
  void finish();

 private:
  struct Spot {
    TamperNotice notice;
    bool may_be_call = false;
    unsigned strange = 0;  ///< looks in a row at which it was not as it should be
    bool told = false;
  };
  struct Watched {
    std::uint64_t due = 0;
    std::vector<Spot> spots;
    bool resolved = false;
  };

  struct ByPid {
    bool operator()(const ProcessId& one, const ProcessId& other) const {
      return std::pair(one.pid, one.start) < std::pair(other.pid, other.start);
    }
  };

  bool resolve(const ProcessId& process, Watched& watched);
  const File& file_of(pid_t pid, const elf::Mapping& mapping);
  static bool undecided(const Watched& watched);
  bool look(const ProcessId& process, Watched& watched);

  Notify notify_;
  std::map<File, Target> targets_;
  std::map<std::pair<std::string, std::uint64_t>, File> files_;  ///< by the kernel's numbers
  std::map<ProcessId, Watched, ByPid> watched_;
  ProcessId last_;        ///< the one that was looked at last
  bool refused_ = false;  ///< that memory cannot be read has been said
};

}  // namespace aspis
