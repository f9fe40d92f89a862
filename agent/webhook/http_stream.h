// SPDX-License-Identifier: Apache-2.0
// A connection that bytes go over, with or without TLS, and never longer than it may.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <string_view>

#include "agent/webhook/http_post.h"
#include "base/fd.h"
#include "base/result.h"

namespace aspis {

class HttpStream {
 public:
  /// Connects, and if `tls` is given, verifies who is there. `tls` and `deadline` must outlive it.
  static Result<std::unique_ptr<HttpStream>> connect(const Url& url, SSL_CTX* tls,
                                                     const HttpPoster::Deadline& deadline);

  Result<> write(std::string_view bytes);
  /// Some bytes; none at the end.
  Result<std::string> read();

 private:
  explicit HttpStream(const HttpPoster::Deadline& deadline) : deadline_(deadline) {}

  Result<> connect_local(const std::string& path);
  Result<> connect_inet(const Url& url);
  Result<> connect_to(const void* address, unsigned length, int family);
  Result<> shake_hands(const Url& url, SSL_CTX* tls);
  Result<> wait(short events);
  Result<> after_tls(int returned, const char* what);

  struct FreeSsl {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  const HttpPoster::Deadline& deadline_;
  Fd fd_;
  std::unique_ptr<SSL, FreeSsl> ssl_;
};

}  // namespace aspis
