// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/kernel/kernel_figures.h"
#include "agent/metrics/exposition.h"

namespace aspis {

/// Maps, programs and memory of the kernel side.
void add_kernel_figures(Exposition& page, const KernelFigures& figures);

}  // namespace aspis
