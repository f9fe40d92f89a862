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
  bool refused = false;  ///< the kernel has the hook, and took the program for it not

  /// The hook's name, without what the backend put before it.
  [[nodiscard]] std::string_view hook() const;
};

/// Marks the backend's programs for loading and all others not, by the first part of their names;
/// hooks that only profiles need, only when `enforcing`, those that protect the agent only with
/// `guard`. A program whose hook the running kernel
/// does not have (by its BTF) stays out and is returned.
std::vector<Missing> select_programs(bpf_object* object, Backend backend, const btf* kernel,
                                     bool enforcing, bool guard);

/// A rule class (aspis_class) of which something is not enforced.
struct Unenforced {
  unsigned kind;
  std::string_view rules;  ///< "userns"
  std::string why;
};
/// Those of a backend, without the programs that are missing.
std::vector<Unenforced> unenforced_classes(Backend backend, const std::vector<Missing>& missing);

/// Is it a program of one of the backends (true), or of all of them?
bool of_a_backend(std::string_view program);

/// Does the backend attach this program itself (true), or is it reached by a tail call (false)?
bool attached_directly(std::string_view program);

}  // namespace aspis
