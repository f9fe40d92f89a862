// SPDX-License-Identifier: Apache-2.0
#include "agent/webhook/http_stream.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <nss.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <poll.h>
#include <resolv.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace aspis {
namespace {

/// ms. The deadline may come nearer while we wait.
constexpr int kSlice = 100;

struct FreeAddresses {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

Result<Addresses> look_up(const Url& url) {
  // Other modules are shared libraries of the C library that runs here, and not of ours.
  static const bool configured [[maybe_unused]] =
      ::__nss_configure_lookup("hosts", "files dns") == 0;
  ::res_init();
  _res.retrans = 2;  // s. Defaults would keep an agent that is to end for a minute
  _res.retry = 2;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | AI_ADDRCONFIG;
  in6_addr literal{};
  if (::inet_pton(AF_INET, url.host.c_str(), &literal) == 1 ||
      ::inet_pton(AF_INET6, url.host.c_str(), &literal) == 1 || url.host == "localhost")
    hints.ai_flags = AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int code = ::getaddrinfo(url.host.c_str(), std::to_string(url.port).c_str(), &hints, &list);
  if (code != 0) return fail(url.host + ": " + ::gai_strerror(code));
  return Addresses(list);
}

bool is_address(const std::string& host) {
  in6_addr any{};
  return ::inet_pton(AF_INET, host.c_str(), &any) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), &any) == 1;
}

std::string tls_error() {
  const unsigned long code = ::ERR_peek_last_error();
  if (code == 0) return "the connection was closed";
  const char* reason = ::ERR_reason_error_string(code);
  return reason != nullptr ? reason : "error " + std::to_string(code);
}

}  // namespace

Result<> HttpStream::wait(short events) {
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline_() - HttpPoster::Clock::now());
    if (left.count() <= 0) return fail_errno("no answer", ETIMEDOUT);
    pollfd ready{fd_.get(), events, 0};
    const int count = ::poll(&ready, 1, static_cast<int>(std::min<long>(kSlice, left.count())));
    if (count > 0) return {};
    if (count < 0 && errno != EINTR) return fail_errno("poll");
  }
}

Result<> HttpStream::connect_to(const void* address, unsigned length, int family) {
  fd_ = Fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd_.valid()) return fail_errno("socket");
  if (::connect(fd_.get(), static_cast<const sockaddr*>(address), length) == 0) return {};
  if (errno != EINPROGRESS) return fail_errno("connect");
  TRYV(wait(POLLOUT));
  int code = 0;
  socklen_t size = sizeof(code);
  ::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &code, &size);
  if (code != 0) return fail_errno("connect", code);
  return {};
}

Result<> HttpStream::connect_local(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), std::min(path.size(), sizeof(address.sun_path) - 1));
  return connect_to(&address, sizeof(address), AF_UNIX);
}

Result<> HttpStream::connect_inet(const Url& url) {
  const auto addresses = TRY(look_up(url));
  Result<> connected = fail(url.host + ": no address");
  for (const addrinfo* one = addresses.get(); one != nullptr && !connected; one = one->ai_next)
    connected = connect_to(one->ai_addr, one->ai_addrlen, one->ai_family);
  return connected;
}

/// Waits for what TLS waits for; fails with why it cannot go on.
Result<> HttpStream::after_tls(int returned, const char* what) {
  switch (::SSL_get_error(ssl_.get(), returned)) {
    case SSL_ERROR_WANT_READ:
      return wait(POLLIN);
    case SSL_ERROR_WANT_WRITE:
      return wait(POLLOUT);
    default:
      break;
  }
  const long verified = ::SSL_get_verify_result(ssl_.get());
  if (verified != X509_V_OK)
    return fail(std::string("TLS: certificate: ") + ::X509_verify_cert_error_string(verified));
  return fail(std::string("TLS: ") + what + ": " + tls_error());
}

Result<> HttpStream::shake_hands(const Url& url, SSL_CTX* tls) {
  ssl_.reset(::SSL_new(tls));
  if (!ssl_ || ::SSL_set_fd(ssl_.get(), fd_.get()) != 1) return fail("TLS: " + tls_error());
  bool named = false;
  if (is_address(url.host)) {
    named = ::X509_VERIFY_PARAM_set1_ip_asc(::SSL_get0_param(ssl_.get()), url.host.c_str()) == 1;
  } else {
    named = ::SSL_set1_host(ssl_.get(), url.host.c_str()) == 1 &&
            ::SSL_set_tlsext_host_name(ssl_.get(), url.host.c_str()) == 1;
  }
  if (!named) return fail("TLS: " + tls_error());
  for (;;) {
    ::ERR_clear_error();
    const int done = ::SSL_connect(ssl_.get());
    if (done == 1) return {};
    TRYV(after_tls(done, "handshake"));
  }
}

Result<std::unique_ptr<HttpStream>> HttpStream::connect(const Url& url, SSL_CTX* tls,
                                                        const HttpPoster::Deadline& deadline) {
  std::unique_ptr<HttpStream> stream(new HttpStream(deadline));
  TRYV(url.socket.empty() ? stream->connect_inet(url) : stream->connect_local(url.socket));
  if (tls != nullptr) TRYV(stream->shake_hands(url, tls));
  return stream;
}

Result<> HttpStream::write(std::string_view bytes) {
  while (!bytes.empty()) {
    if (ssl_) {
      ::ERR_clear_error();
      const int sent = ::SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()));
      if (sent > 0)
        bytes.remove_prefix(static_cast<std::size_t>(sent));
      else
        TRYV(after_tls(sent, "write"));
      continue;
    }
    const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0)
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    else if (errno == EAGAIN)
      TRYV(wait(POLLOUT));
    else if (errno != EINTR)
      return fail_errno("send");
  }
  return {};
}

Result<std::string> HttpStream::read() {
  std::string piece(4096, '\0');
  for (;;) {
    if (ssl_) {
      ::ERR_clear_error();
      const int got = ::SSL_read(ssl_.get(), piece.data(), static_cast<int>(piece.size()));
      if (got > 0) return piece.substr(0, static_cast<std::size_t>(got));
      if (::SSL_get_error(ssl_.get(), got) == SSL_ERROR_ZERO_RETURN) return std::string();
      TRYV(after_tls(got, "read"));
      continue;
    }
    const ssize_t got = ::recv(fd_.get(), piece.data(), piece.size(), 0);
    if (got >= 0) return piece.substr(0, static_cast<std::size_t>(got));
    if (errno == EAGAIN)
      TRYV(wait(POLLIN));
    else if (errno != EINTR)
      return fail_errno("receive");
  }
}

}  // namespace aspis
