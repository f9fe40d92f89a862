// SPDX-License-Identifier: Apache-2.0
// A file that is written to by its name.
#pragma once

#include <memory>
#include <string>

#include "agent/output/write_target.h"
#include "base/result.h"

namespace aspis {

/// Appends to the file `path`, which is made (mode 0600, directories too) if it is not there;
/// others may read it only if they may already. Once a second the name is looked at: if the file
/// has been renamed (logrotate(8)) or removed, the next line goes into a new one. Fails if it
/// cannot be opened.
Result<std::unique_ptr<WriteTarget>> append_to_file(const std::string& path);

}  // namespace aspis
