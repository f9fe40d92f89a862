// SPDX-License-Identifier: Apache-2.0
#include "probes/cpython/said_address.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

namespace aspis::cpython {
namespace {

using Bytes = std::array<std::uint8_t, 16>;

constexpr std::uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

Bytes mapped(const void* inet) {
  Bytes bytes;
  std::memcpy(bytes.data(), kMapped, sizeof(kMapped));
  std::memcpy(bytes.data() + sizeof(kMapped), inet, 4);
  return bytes;
}

// A numeric host as 16 bytes; nothing for a name. A scope ("%eth0") is not compared.
std::optional<Bytes> numeric(std::string_view host) {
  const std::string text(host.substr(0, host.find('%')));
  in_addr v4;
  if (::inet_pton(AF_INET, text.c_str(), &v4) == 1) return mapped(&v4);
  Bytes v6;
  if (::inet_pton(AF_INET6, text.c_str(), v6.data()) == 1) return v6;
  return std::nullopt;
}

}  // namespace

bool same_address(const SaidAddress& said, const DoneAddress& done) {
  if (done.family == AF_UNIX) {
    if (said.port >= 0) return false;
    return said.cut ? done.unix_path.starts_with(said.text) : done.unix_path == said.text;
  }
  if (done.family != AF_INET && done.family != AF_INET6) return true;
  if (said.port >= 0 && said.port != done.port) return false;
  if (said.cut) return true;
  const auto host = numeric(said.text);
  if (!host || done.bytes == nullptr) return true;
  if (done.family == AF_INET) return *host == mapped(done.bytes);
  return std::equal(host->begin(), host->end(), done.bytes);
}

std::string address_text(const SaidAddress& said) {
  if (said.port < 0) return said.text;
  const bool v6 = said.text.find(':') != std::string::npos;
  return (v6 ? "[" + said.text + "]" : said.text) + ":" + std::to_string(said.port);
}

}  // namespace aspis::cpython
