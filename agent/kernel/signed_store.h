// SPDX-License-Identifier: Apache-2.0
// The files whose code may be loaded where profiles require it to be signed: those of the policy in
// force, and for a moment those of the next one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "bpf/abi/signed.h"

namespace aspis {

struct SignedFile {
  std::string path;  ///< as the kernel names it
  std::array<std::uint8_t, ASPIS_VERITY_DIGEST> digest{};
};

/// Of the hashes of paths (bpf/walk.bpf.c: walked_path_hash); secret.
using PathKey = std::array<std::uint64_t, 2>;

class SignedStore {
 public:
  /// Entries that the map needs for this many files beside twice as many others.
  static std::size_t room_for(std::size_t files);

  /// The map signed_files, and what the BPF side hashes paths with. Without them there is nothing
  /// to fill.
  void open(int map_fd, const PathKey& key) {
    map_fd_ = map_fd;
    key_ = key;
  }

  /// Takes over the files that another agent has put there for this generation of the policy, and
  /// removes those of all others, which nobody asks for.
  Result<> adopt(std::uint32_t generation);

  /// Puts the files of a generation of the policy into the map, which nobody looks for yet. On an
  /// error none is left there.
  Result<> prepare(std::uint32_t generation, std::span<const SignedFile> files);
  /// What was prepared is not to be in force.
  void discard() { remove(next_); }
  /// What was prepared is in force, and nobody asks for the generation before any more.
  void commit();

 private:
  void remove(std::vector<aspis_signed_key>& keys) const;

  int map_fd_ = -1;
  PathKey key_{};
  std::vector<aspis_signed_key> in_force_, next_;
};

}  // namespace aspis
