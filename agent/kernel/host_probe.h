// SPDX-License-Identifier: Apache-2.0
// The picture behind `aspis probe`: what this kernel can do for us, and why not more.
#pragma once

#include <string>
#include <vector>

namespace aspis {

struct Finding {
  std::string what;
  std::string state;   ///< "yes", "no", "in force", or a value
  std::string detail;  ///< why, or what to do; may be empty
};

/// Tries everything that observation uses, each by doing it. Leaves nothing attached. Needs the
/// capabilities for most of it; without them it says so.
std::vector<Finding> probe_host();

}  // namespace aspis
