// SPDX-License-Identifier: Apache-2.0
// Members of an audit line, as the kernel prints them (kernel/audit.c).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace aspis {

/// Appends ` key=`.
void append_key(std::string& out, std::string_view key);

/// Appends ` key=number`.
void append_member(std::string& out, std::string_view key, std::uint64_t number);

/// Appends ` key="text"` as it is: for text of our own.
void append_quoted(std::string& out, std::string_view key, std::string_view text);

/// Appends ` key="text"`, or ` key=` and bare upper-case hex if a quote, a space, a control
/// character or a byte that is not ASCII is in it (audit_log_untrustedstring).
void append_untrusted(std::string& out, std::string_view key, std::string_view text);

}  // namespace aspis
