// SPDX-License-Identifier: Apache-2.0
// The kernel side as files of a bpffs: what is pinned goes on without any process. One agent at a
// time has the directory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "agent/kernel/kernel_side.h"
#include "base/fd.h"
#include "base/result.h"

namespace aspis {

constexpr std::string_view kPinDirectory = "/sys/fs/bpf/aspis";

/// The directory, and the lock on it for as long as this lives.
///
/// In it is at most one set, a directory whose name says which aspis made it and what it agrees on
/// with its programs; below that maps/, programs/, links/ and probes/. A set is made under another
/// name and renamed, and renamed again before it is taken apart: under its own name it is whole.
/// What is left under other names by who was killed is removed by who comes next. If the bpffs is
/// unmounted, or somebody removes files, what was pinned lasts as long as its agent, who looks now
/// and then and pins it again.
class Pins {
 public:
  /// Makes the directory if it is not there. Fails if it is on no bpffs, is not this user's alone,
  /// or another process has it; the message says what to do, or which process.
  static Result<Pins> open(const std::string& directory);

  Pins(Pins&&) = default;
  Pins& operator=(Pins&&) = default;
  Pins(const Pins&) = delete;
  Pins& operator=(const Pins&) = delete;

  /// What a set says of itself.
  struct Maker {
    std::string version;  ///< of aspis
    std::string abi;      ///< ASPIS_ABI
    [[nodiscard]] bool same_abi() const;
  };
  /// The set in force; null: nothing is pinned.
  [[nodiscard]] const Maker* found() const { return found_ ? &*found_ : nullptr; }

  [[nodiscard]] const std::string& directory() const { return directory_; }

  /// Opens all that is pinned; links too, so that they stay if the bpffs is unmounted.
  [[nodiscard]] Result<KernelFds> adopt() const;
  /// Pins all of it, or nothing. `version`: of this aspis.
  Result<> pin(const KernelFds& fds, std::string_view version);
  /// Is all of that still there, and `probes` of them?
  [[nodiscard]] bool whole(const KernelFds& fds, std::size_t probes) const;
  /// pin() once more: what is left of the set is taken apart, and if the directory has gone with
  /// its file system another is made. Probes are the caller's. The error says why it cannot be, for
  /// now.
  Result<> pin_again(const KernelFds& fds, std::string_view version);
  /// Takes the set apart, so that what it holds ends with the last descriptor. The directory goes,
  /// too; this is not to be used any more.
  Result<> remove();

  /// The link of a probe in a row of the table python_sites: entry and return of a function.
  Result<> pin_probe(std::uint32_t row, bool at_return, int link_fd) const;
  void unpin_probe(std::uint32_t row, bool at_return) const;
  struct Probe {
    Fd at_entry, at_return;
  };
  /// Those that are pinned. A return without its entry is removed: its maker was killed between.
  [[nodiscard]] std::map<std::uint32_t, Probe> probes() const;

 private:
  Pins(std::string directory, Fd lock) : directory_(std::move(directory)), lock_(std::move(lock)) {}
  Result<> look();
  [[nodiscard]] std::string set() const { return directory_ + "/" + set_; }

  std::string directory_;
  Fd lock_;
  std::string set_;  ///< its name; empty: there is none
  std::optional<Maker> found_;
};

}  // namespace aspis
