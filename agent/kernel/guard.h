// SPDX-License-Identifier: Apache-2.0
// Tells the kernel side what of the agent nobody else may touch (bpf/guard.bpf.c).
#pragma once

#include "agent/kernel/kernel_side.h"
#include "agent/kernel/pins.h"
#include "base/result.h"
#include "bpf/abi/task.h"

namespace aspis {

/// All maps, programs and links of `side`, and the directory of the pins, if there are any. Again
/// when any of these is another.
Result<> guard(const KernelSide& side, const Pins* pins, aspis_exe_key& guarded_pins);

}  // namespace aspis
