// SPDX-License-Identifier: Apache-2.0
// Tells the kernel side what of the agent nobody else may touch (bpf/guard.bpf.c).
#pragma once

#include <set>
#include <string>
#include <vector>

#include "agent/kernel/guarded_place.h"
#include "agent/kernel/kernel_side.h"
#include "agent/kernel/pins.h"
#include "agent/kernel/variables.h"
#include "base/result.h"

namespace aspis {

class Guard {
 public:
  /// `side` must outlive this.
  void open(const KernelSide& side, const Variables& variables, std::vector<GuardedPlace> places);

  /// All maps, programs and links, and the places. Again when any of these is another.
  Result<> protect(const Pins* pins);
  /// The places alone: files come and go. What is not there is left out. Only in the main thread,
  /// with the hooks attached. The error says which places could not be protected.
  Result<> protect_places(const Pins* pins);

 private:
  void mark(const std::string& path, std::uint32_t tamper, std::uint32_t flags);
  void mark_one(const std::string& path, const aspis_guarded_place& place, bool follow);
  void mark_ways(const std::string& path);
  void mark_ways_to(const GuardedPlace& place);
  void mark_place(const GuardedPlace& place);
  void forget_earlier();

  const KernelSide* side_ = nullptr;
  Variables variables_;
  std::vector<GuardedPlace> places_;
  std::uint32_t round_ = 0;
  std::set<std::string> ways_;  ///< of this round
  std::string trouble_;
};

}  // namespace aspis
