// SPDX-License-Identifier: Apache-2.0
// Offset tables of CPython's frames and code objects, by version.
#pragma once

#include <span>

#include "bpf/abi/python_frames.h"

namespace aspis::cpython {

/// The table's row of a version, with the GIL; null if there is none.
const aspis_python_frames* frames_for(int major, int minor);

/// Every row, by version.
std::span<const aspis_python_frames> frames();

}  // namespace aspis::cpython
