// SPDX-License-Identifier: Apache-2.0
// What was lost, and the totals, in words: every format for people has them alike.
#pragma once

#include <string>

#include "agent/event/record.h"

namespace aspis {

/// Appends "12 events lost here (ring 8, output 4)".
void append_gap_text(std::string& out, const Loss& loss);

/// Appends "5000 events: 3700 shown, 66 filtered, 1234 lost (ring 1234), 2 paths cut".
void append_summary_text(std::string& out, const Summary& summary);

/// "/usr/bin/python3.11 CPython 3.11.2, audit events by usdt; missed: …".
void append_interpreter_text(std::string& out, const InterpreterNotice& interpreter);

/// "PROBE TAMPERED WITH: semaphore at 0xa84276 of /usr/bin/python3.11 is zero".
void append_tamper_text(std::string& out, const TamperNotice& tamper);
/// "log /var/log/aspis/events.json opened".
void append_log_text(std::string& out, const LogNotice& log);
/// "agent: policy mode kill app, asked for by process 12 of user 0: 3 profiles in force".
void append_agent_text(std::string& out, const AgentNotice& agent);

}  // namespace aspis
