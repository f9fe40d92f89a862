// SPDX-License-Identifier: Apache-2.0
// What is decided when the BPF programs are loaded, and holds as long as they are in the kernel.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "agent/kernel/backend.h"
#include "agent/kernel/programs.h"
#include "base/result.h"

namespace aspis {

/// Settings that a start asks for and only loading can change.
struct LoadSettings {
  std::string backend;  ///< empty: the best that works
  bool holding = false, attached_quiet = false, raising = false;
  std::uint64_t ring_bytes = 0, arena_bytes = 0, signed_files = 0;
  unsigned stacks = 0;  ///< aspis_stacks
};

struct LoadFacts {
  std::string version;       ///< of the aspis that loaded them
  std::uint64_t object = 0;  ///< number of the BPF object: differs where the programs do
  Backend backend = Backend::kLsm;
  std::vector<Missing> missing;
  std::optional<Trial> signed_code;
  bool raises = false;
  LoadSettings settings;
  std::string refusals;  ///< what the kernel said last of programs that it refused; not written
};

/// For agents of the same ABI (aspis_abi.h).
std::string write_facts(const LoadFacts& facts);
Result<LoadFacts> read_facts(std::span<const std::byte> bytes);

/// Options whose values would be others than those that the programs were loaded with, as a person
/// wrote them: "--stacks all (in force: denied)".
std::vector<std::string> differing(const LoadSettings& wanted, const LoadFacts& facts);

}  // namespace aspis
