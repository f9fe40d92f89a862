// SPDX-License-Identifier: Apache-2.0
// Names of event kinds, from bpf/abi/events.def.
#pragma once

#include <array>
#include <string_view>

#include "bpf/abi/event.h"

namespace aspis {

struct KindInfo {
  std::string_view payload, type, verb, description;
};

inline constexpr std::array<KindInfo, ASPIS_KIND_COUNT> kKinds = {{
    {"none", "none", "none", ""},
#define ASPIS_EVENT(id, payload, type, verb, description) {#payload, type, verb, description},
#include "bpf/abi/events.def"
#undef ASPIS_EVENT
}};

/// Row of a kind; the "none" row for a number that this build does not know.
constexpr const KindInfo& kind_info(unsigned kind) {
  return kKinds[kind < kKinds.size() ? kind : 0];
}

/// Names of verdicts, by ASPIS_VERDICT_* (bpf/abi/event.h).
inline constexpr std::array<std::string_view, 3> kVerdicts = {"allowed", "denied", "complain"};

}  // namespace aspis
