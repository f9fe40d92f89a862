// SPDX-License-Identifier: Apache-2.0
// The probes on interpreters: sites of audit events, where frames are kept, and processes that wait
// for their image to be looked at. What is attached goes with the object, unless it is pinned.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "bpf/abi/python_frames.h"
#include "bpf/abi/python_site.h"

namespace aspis {

class Pins;

class Probes {
 public:
  /// What of the BPF side is used; it must outlive the probes.
  struct Kernel {
    int program = -1;  ///< that runs at each site
    /// Where an exception can be raised this runs instead, and this where the function is left.
    int raising = -1, returning = -1;
    int sites = -1, seen = -1, frames = -1, images = -1;
    std::uint8_t* holding_ended = nullptr;
    Pins* pins = nullptr;  ///< where probes are pinned; null: nowhere
  };

  using File = std::pair<std::uint64_t, std::uint64_t>;

  Probes() = default;
  Probes(const Probes&) = delete;
  Probes& operator=(const Probes&) = delete;

  void open(const Kernel& kernel) { kernel_ = kernel; }
  /// Takes in what another agent has left pinned: its probes go on working, in the rows that they
  /// have, and attach() takes over those that it would make.
  Result<> adopt();

  /// Links of what is attached.
  [[nodiscard]] std::size_t links() const;
  /// Pins all of them in a set that has none.
  Result<> pin_again();

  /// One instruction of an interpreter at which its audit events are read.
  struct Site {
    aspis_python_site row{};      ///< its layout is an index into ObserverOptions::layouts, or none
    std::uint64_t offset = 0;     ///< of the instruction, in the file
    std::uint64_t semaphore = 0;  ///< offset of the USDT's semaphore in the file; 0: it has none
  };
  /// Puts a probe on each of these places of a file, in all processes that run it or will; those
  /// not tracked leave the probe at once. Where a row can raise an exception, the return of the
  /// function gets a probe, too. Returns the row of each, as in PythonPayload::site. All
  /// of them or, with the kernel's reason, none.
  /// `file`: its device and inode, by stat(2). An adopted probe at one of these places is taken
  /// over, without a moment in which there is none or two; those of the file at other places go
  /// first, as what they are in the middle of is not the code that they were made for.
  Result<std::vector<std::uint32_t>> attach(const std::string& path, const File& file,
                                            std::span<const Site> sites);
  /// Audit events of tracked tasks at these rows since they were attached, told or not.
  [[nodiscard]] std::uint64_t seen(std::span<const std::uint32_t> rows) const;
  /// Takes the probes of these rows away, in all processes; their semaphores are what they were.
  /// Events that are on their way still have the rows, which are used again as late as can be.
  void detach(std::span<const std::uint32_t> rows);

  /// From now on only names are read at this row's site, and no stacks.
  void forget_layout(std::uint32_t row);

  /// Takes in where some interpreters keep their frames. Returns aspis_python_site.frames for their
  /// sites; those without it give no stacks.
  Result<std::uint16_t> add_frames(const aspis_python_frames& frames);
  /// Stacks that ended at an object that was not what these frames say: they are wrong for it.
  [[nodiscard]] std::uint64_t refused_stacks(std::uint16_t frames) const;

  /// The image of an event with ASPIS_PATH_HELD has been looked at: others need not wait for it,
  /// and this process goes on.
  void release_image(std::uint32_t device, std::uint64_t inode, std::uint32_t pid);
  /// From now on nobody is made to wait; who waits already is told of by events still to come.
  void end_holding();

 private:
  /// Nobody is to be sent elsewhere whose return is not seen: the entry comes last and goes first.
  struct Links {
    Fd at_return, at_entry;
  };
  struct Adopted {
    File file;
    Links links;
  };

  Result<Links> attach_one(const std::string& path, const File& file, const Site& site,
                           std::uint32_t row);
  [[nodiscard]] bool is_at(std::uint32_t row, const Site& site) const;
  Result<std::uint32_t> take_over(const File& file, const Site& site);
  void drop_others(const File& file, std::span<const Site> sites);
  void drop(std::uint32_t row, Links links);

  Kernel kernel_;
  std::map<std::uint32_t, Links> links_;      // by row
  std::map<std::uint32_t, Adopted> adopted_;  // by row: nobody has asked for them yet
  std::uint32_t rows_ = 0;                    // ever used
  std::deque<std::uint32_t> free_;            // of them, the longest unused first
  std::vector<aspis_python_frames> frames_;   // rows of the table
};

}  // namespace aspis
