// SPDX-License-Identifier: Apache-2.0
// Offset tables of CPython's objects, by version.
#pragma once

#include <span>

#include "bpf/abi/python_layout.h"

namespace aspis::cpython {

/// Layout of CPython MAJOR.MINOR (64 bits, with the GIL); null if this version is not known.
/// Static.
const aspis_python_layout* layout_for(int major, int minor);

/// Every layout known, oldest first. Static.
std::span<const aspis_python_layout> layouts();

}  // namespace aspis::cpython
