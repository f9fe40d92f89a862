// SPDX-License-Identifier: Apache-2.0
// Where a webhook is.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace aspis {

struct Url {
  bool tls = false;
  std::string host;  ///< a name or an address, without brackets; empty: `socket`
  std::uint16_t port = 0;
  std::string socket;     ///< path of a local socket
  std::string target;     ///< "/services/T0/B0?x=1"
  std::string authority;  ///< what the header Host says

  /// Without what is secret in it, for messages: "https://hooks.slack.com".
  [[nodiscard]] std::string shown() const;
};

/// "https://host[:port]/target", "http://127.0.0.1:8080/target" (loopback, localhost), or
/// "http://unix:/run/receiver.sock:/target". http to anywhere else is refused: events and the
/// secret of the URL would be in the open. RFC 3986, without user names.
Result<Url> read_url(const std::string& text);

}  // namespace aspis
