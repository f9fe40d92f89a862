// SPDX-License-Identifier: Apache-2.0
// What AppArmor would have logged, in its own form: for aa-logprof, libaalogparse and log patterns.
#pragma once

#include "agent/output/clock.h"
#include "agent/output/formatter.h"

namespace aspis {

/// `type=AVC msg=audit(1774470501.870:42): apparmor="DENIED" operation="open" class="file"
/// profile="upload//ffmpeg" name="/etc/passwd" pid=812 comm="ffmpeg" requested_mask="r"
/// denied_mask="r" fsuid=33 ouid=0`, in one line.
///
/// Members, their order and their quoting are those of security/apparmor/audit.c and
/// security/lsm_audit.c; the serial number is the event's seq. Shown are the events that were
/// denied or are audited, and not kept quiet by a rule. Gaps and the summary are lines that begin
/// with "# aspis:", which parsers pass over.
class AvcFormatter final : public Formatter {
 public:
  explicit AvcFormatter(const FormatContext& context)
      : audit_class_(context.audit_class), clock_(context.wall_offset) {}

  [[nodiscard]] bool shows(const Record& record) const override;
  void format(const Record& record, std::string& out) override;

 private:
  void append_event(const Record& record, std::string& out) const;

  bool audit_class_;
  AuditClock clock_;
};

}  // namespace aspis
