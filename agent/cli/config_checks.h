// SPDX-License-Identifier: Apache-2.0
// What can be wrong with values of the configuration besides their form.
#pragma once

#include "agent/config/config.h"

namespace aspis {

/// For read_config(). Nothing is opened for writing, and nothing is made.
ConfigChecks config_checks();

}  // namespace aspis
