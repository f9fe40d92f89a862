// SPDX-License-Identifier: Apache-2.0
#include "agent/webhook/url.h"

#include <arpa/inet.h>
#include <sys/un.h>

#include <algorithm>
#include <charconv>
#include <string_view>

namespace aspis {
namespace {

constexpr const char* kForms =
    "not https://HOST/…, nor http://127.0.0.1:PORT/… (loopback only), nor "
    "http://unix:/PATH/OF/SOCKET:/…";

bool is_loopback(const std::string& host) {
  in_addr v4{};
  in6_addr v6{};
  if (host == "localhost") return true;
  if (::inet_pton(AF_INET, host.c_str(), &v4) == 1) return ntohl(v4.s_addr) >> 24 == 127;
  return ::inet_pton(AF_INET6, host.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

bool is_host(std::string_view host) {
  return !host.empty() && std::ranges::all_of(host, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_' || c == ':';
  });
}

/// Splits "host:port", "[v6]:port", "host"; false: it is none of them.
bool read_authority(std::string_view text, Url& url) {
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return false;
    url.host = text.substr(1, end - 1);
    port = text.substr(end + 1);
    in6_addr v6{};
    if (::inet_pton(AF_INET6, url.host.c_str(), &v6) != 1) return false;
  } else {
    const std::size_t colon = std::min(text.find(':'), text.size());
    url.host = text.substr(0, colon);
    port = text.substr(colon);
  }
  if (!is_host(url.host)) return false;
  if (port.empty()) return true;
  const char* end = port.data() + port.size();
  const auto [parsed, error] = std::from_chars(port.data() + 1, end, url.port);
  return port.front() == ':' && error == std::errc() && parsed == end && url.port != 0;
}

}  // namespace

std::string Url::shown() const {
  return (tls ? "https://" : "http://") + (socket.empty() ? authority : "unix:" + socket);
}

Result<Url> read_url(const std::string& text) {
  const auto wrong = [&text](const std::string& why) { return fail("'" + text + "': " + why); };
  if (!std::ranges::all_of(text, [](unsigned char c) { return c > ' ' && c < 0x7f; }))
    return wrong("an URL has printable ASCII only");
  Url url;
  std::string_view rest = text;
  url.tls = rest.starts_with("https://");
  if (!url.tls && !rest.starts_with("http://")) return wrong(kForms);
  rest.remove_prefix(url.tls ? 8 : 7);
  if (!url.tls && rest.starts_with("unix:/")) {
    rest.remove_prefix(5);
    const std::size_t colon = std::min(rest.find(':'), rest.size());
    url.socket = rest.substr(0, colon);
    url.authority = "localhost";
    rest.remove_prefix(std::min(colon + 1, rest.size()));
    if (url.socket.size() >= sizeof(sockaddr_un{}.sun_path)) return wrong("the path is too long");
  } else {
    const std::size_t slash = std::min(rest.find_first_of("/?#"), rest.size());
    url.authority = rest.substr(0, slash);
    rest.remove_prefix(slash);
    if (!read_authority(url.authority, url)) return wrong(kForms);
    if (url.port == 0) url.port = url.tls ? 443 : 80;
    if (!url.tls && !is_loopback(url.host))
      return wrong("http is for this machine only; elsewhere it takes https");
  }
  rest = rest.substr(0, rest.find('#'));
  if (rest.empty() || rest.front() != '/') url.target = "/";
  url.target += rest;
  return url;
}

}  // namespace aspis
