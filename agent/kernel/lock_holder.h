// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace aspis {

/// " (process 12)": who has the flock(2) on this file, by /proc/locks; "" where that does not tell.
std::string lock_holder(int fd);

}  // namespace aspis
