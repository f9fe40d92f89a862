// SPDX-License-Identifier: Apache-2.0
// Records as messages of syslog (RFC 5424) and of systemd's journal: a line each, which the target
// (message_target.h) sends as it needs to be.
#pragma once

#include <memory>
#include <string>

#include "agent/output/clock.h"
#include "agent/output/formatter.h"

namespace aspis {

/// syslog.h, and RFC 5424, section 6.2.1.
enum class Severity : unsigned { kError = 3, kWarning = 4, kNotice = 5, kInformation = 6 };

/// Denials, and what cannot be relied on, are warnings; what complain reports, and audits, notices.
Severity severity_of(const Record& record);

/// gethostname(2); "-" if there is none, as RFC 5424 has it.
std::string host_name();

struct MessageOptions {
  std::string format = "json";  ///< of formatters(): what the message says
  FormatContext context;
  unsigned facility = 10;  ///< syslog: authpriv
};

/// "<PRI>1 TIME HOST aspis PID TYPE - TEXT": RFC 5424, section 6.
std::unique_ptr<Formatter> make_syslog_formatter(const MessageOptions& options);

/// Between the fields of a journal line, as neither our JSON nor our text ever has it.
inline constexpr char kFieldSeparator = '\x1e';

/// "MESSAGE=…", "PRIORITY=…" and so on (systemd.journal-fields(7)); ours are ASPIS_TYPE,
/// ASPIS_VERDICT, ASPIS_PROFILE, ASPIS_PID, ASPIS_EXE.
std::unique_ptr<Formatter> make_journal_formatter(const MessageOptions& options);

}  // namespace aspis
