// SPDX-License-Identifier: Apache-2.0
// One HTTP request, one answer: RFC 9112, over TCP, TLS or a local socket.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/webhook/url.h"
#include "base/result.h"

namespace aspis {

struct HttpOutcome {
  unsigned status = 0;                              ///< "200"
  std::optional<std::chrono::seconds> retry_after;  ///< RFC 9110, section 10.2.3; from now on
};

/// What an answer begins with, up to the empty line: its status, and Retry-After. `now`: UNIX time,
/// for dates. Fails with what is wrong with it.
Result<HttpOutcome> read_http_head(std::string_view head, std::int64_t now);

/// Posts to one place. TLS is of version 1.2 or later and verifies the certificate, with OpenSSL.
/// One thread at a time.
class HttpPoster {
 public:
  using Clock = std::chrono::steady_clock;
  /// Until when an exchange may take; asked again and again, as it may come nearer.
  using Deadline = std::function<Clock::time_point()>;

  /// `headers`: "Name: value". `ca`: file of certificates to trust (PEM); empty: those of the
  /// system. Fails if the file or a header is none.
  static Result<std::unique_ptr<HttpPoster>> create(Url url, std::vector<std::string> headers,
                                                    const std::string& ca);
  ~HttpPoster();
  HttpPoster(const HttpPoster&) = delete;
  HttpPoster& operator=(const HttpPoster&) = delete;

  /// Sends `body`, JSON, over a connection of its own, and waits for the head of the answer. Fails
  /// if there is none: nobody listens (errno), it took too long (ETIMEDOUT), or the certificate is
  /// not trusted. Looking a name up may take some seconds longer than the deadline.
  Result<HttpOutcome> post(std::string_view body, const Deadline& deadline);

  [[nodiscard]] const Url& url() const { return url_; }

 private:
  HttpPoster(Url url, std::vector<std::string> headers);

  Url url_;
  std::vector<std::string> headers_;
  struct Tls;
  std::unique_ptr<Tls> tls_;  ///< null: without
};

}  // namespace aspis
