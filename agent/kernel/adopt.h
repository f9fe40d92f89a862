// SPDX-License-Identifier: Apache-2.0
// Going on with what another agent has pinned, and ending it.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "agent/kernel/kernel_side.h"
#include "agent/kernel/loader.h"
#include "agent/kernel/pins.h"
#include "base/result.h"

namespace aspis {

/// Opens what is pinned there. Fails, and touches nothing, if that is of an aspis which agrees on
/// other things with its programs than this one. Tells in the log of settings that differ from
/// `options` and take effect only when it is loaded anew.
Result<std::unique_ptr<KernelSide>> adopt(const Pins& pins, const ObserverOptions& options);

/// Why it cannot be gone on with, and what to do.
tl::unexpected<Error> cannot_adopt(const Pins& pins, const std::string& why);

/// Makes the programs send code objects again that they have sent to another agent.
void forget_codes(int known_codes_map);

/// What uninstall() has ended.
struct Uninstalled {
  bool found = false;                   ///< something was pinned
  std::optional<std::size_t> confined;  ///< tasks that go on unconfined; none: cannot be known
};
/// Ends what is pinned in this directory, of whatever version it is. Fails if an agent is running,
/// or there is no bpffs. The kernel may take seconds more until the hooks are free.
Result<Uninstalled> uninstall(const std::string& directory);

}  // namespace aspis
