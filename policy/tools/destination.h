// SPDX-License-Identifier: Apache-2.0
// Where an exec leads, under a policy that is all there is.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "policy/tables/evaluate.h"

namespace aspis::policy {

struct Destination {
  std::vector<std::uint16_t> profiles;  ///< ids; none: unconfined
  std::uint8_t info = ASPIS_INFO_NONE;  ///< aspis_info: why it leads nowhere, and is denied
  bool scrub = false;                   ///< AT_SECURE
  bool fallback = false;                ///< there was no profile: what the rule says for that case
};

/// What the kernel does (bpf/exec.bpf.c: follow) when profile `id` may execute `path` by its exec
/// `exec` (from 1).
Destination destination(const Image& image, std::uint16_t id, std::uint16_t exec,
                        std::string_view path);

}  // namespace aspis::policy
