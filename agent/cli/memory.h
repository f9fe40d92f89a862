// SPDX-License-Identifier: Apache-2.0
// What malloc does with memory that was needed for a moment.
#pragma once

#include <malloc.h>

namespace aspis {

/// What is at least so large comes from the system and goes back to it at once. Left to itself,
/// malloc takes a large block that was freed for one that will be wanted again, cuts the next ones
/// out of its heap instead, and the holes between them stay.
inline void give_back_blocks_of(int bytes) {
  ::mallopt(M_MMAP_THRESHOLD, bytes);
  ::mallopt(M_TRIM_THRESHOLD, bytes);
}

}  // namespace aspis
