// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "policy/tables/compiled.h"

namespace aspis {

/// Adds to each package of a policy what its distribution is imported by: `PyYAML` is `yaml` in the
/// names of files, which is all that the kernel side sees. Read from the metadata of what is
/// installed now where Debian, CPython and an active virtual environment have it; the distribution
/// of another place, or of a container, is known by names alone. A package that is installed
/// nowhere is warned of.
void add_imports(policy::CompiledPolicy& policy);

}  // namespace aspis
