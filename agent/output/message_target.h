// SPDX-License-Identifier: Apache-2.0
// A socket that lines go to as messages: syslog's, the journal's.
#pragma once

#include <memory>
#include <string>

#include "agent/output/write_target.h"
#include "base/result.h"

namespace aspis {

enum class MessageKind {
  kSyslog,   ///< a datagram each; over TCP with its length before it (RFC 6587, section 3.4.1)
  kJournal,  ///< https://systemd.io/JOURNAL_NATIVE_PROTOCOL
};

/// `where`: "/dev/log" or another socket of datagrams; of syslog also "udp:127.0.0.1:514",
/// "tcp:[::1]:601", with an address, not a name. Fails if that is not understood. If nobody listens
/// there, now or later, that is waited out by the Writer.
/// Messages that the socket does not take as a whole are cut, and end in "…".
Result<std::unique_ptr<WriteTarget>> send_to(MessageKind kind, const std::string& where);

}  // namespace aspis
