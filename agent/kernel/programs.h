// SPDX-License-Identifier: Apache-2.0
// Which BPF programs a backend loads, and which of those this kernel has no place for.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/kernel/backend.h"

struct bpf_object;
struct btf;

namespace aspis {

/// A program that is not in force, and why.
struct Missing {
  std::string program;  ///< as in the BPF object: "lsm__file_truncate"
  std::string reason;

  /// The hook's name, without what the backend put before it.
  [[nodiscard]] std::string_view hook() const;
};

/// Marks the backend's programs for loading and all others not, by the first part of their names. A
/// program whose hook the running kernel does not have (by its BTF) stays out and is returned.
/// `deciding`: those, too, that only profiles need.
std::vector<Missing> select_programs(bpf_object* object, Backend backend, bool deciding,
                                     const btf* kernel);

/// Does the backend attach this program itself (true), or is it reached by a tail call (false)?
bool attached_directly(std::string_view program);

}  // namespace aspis
