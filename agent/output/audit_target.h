// SPDX-License-Identifier: Apache-2.0
// The kernel's audit, and with it auditd: denials as USER_AVC, where AppArmor's are looked for.
#pragma once

#include <memory>

#include "agent/output/formatter.h"
#include "agent/output/write_target.h"
#include "base/result.h"

namespace aspis {

/// The members of the avc format (apparmor="DENIED" operation=…), without the head that the kernel
/// writes itself. Gaps and totals are apparmor="STATUS", with info=.
std::unique_ptr<Formatter> make_audit_formatter(const FormatContext& context);

/// Sends each line as AUDIT_USER_AVC, by libaudit. It takes CAP_AUDIT_WRITE, and the first pid
/// namespace; fails if the kernel has no audit.
Result<std::unique_ptr<WriteTarget>> send_to_audit();

}  // namespace aspis
