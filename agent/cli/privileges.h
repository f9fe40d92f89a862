// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"

namespace aspis {

/// Gives up, for good, all capabilities that the agent does not need, and that an execve could give
/// any back. Of the calling thread and those that it starts from now on: to be called before there
/// are others.
Result<> drop_privileges();

}  // namespace aspis
