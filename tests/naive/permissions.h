// SPDX-License-Identifier: Apache-2.0
// The naive reading's letters as the policy's bits.
#pragma once

#include <cstdint>
#include <string_view>

#include "bpf/abi/policy.h"

namespace aspis::naive {

constexpr std::uint16_t bit_of(char permission) {
  switch (permission) {
    case 'x':
      return ASPIS_MAY_EXEC;
    case 'w':
      return ASPIS_MAY_WRITE;
    case 'r':
      return ASPIS_MAY_READ;
    case 'a':
      return ASPIS_MAY_APPEND;
    case 'c':
      return ASPIS_MAY_CREATE;
    case 'd':
      return ASPIS_MAY_DELETE;
    case 'k':
      return ASPIS_MAY_LOCK;
    case 'm':
      return ASPIS_MAY_MAP;
    case 'l':
      return ASPIS_MAY_LINK;
    case 's':
      return ASPIS_LINK_SUBSET;
    default:
      return 0;
  }
}

}  // namespace aspis::naive
