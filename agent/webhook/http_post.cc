// SPDX-License-Identifier: Apache-2.0
#include "agent/webhook/http_post.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <ctime>

#include "agent/webhook/http_stream.h"

namespace aspis {
namespace {

constexpr std::size_t kHeadMax = 64 << 10;
constexpr std::string_view kEnd = "\r\n\r\n";

bool is_name(std::string_view name, std::string_view wanted) {
  const auto lower = [](unsigned char c) { return std::tolower(c); };
  return std::ranges::equal(name, wanted, {}, lower, lower);
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t') || text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

/// Seconds, or a date as "Fri, 31 Dec 1999 23:59:59 GMT". Nothing if it is neither.
std::optional<std::chrono::seconds> read_retry_after(std::string_view text, std::int64_t now) {
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error == std::errc() && end == text.data() + text.size())
    return std::chrono::seconds(std::max<std::int64_t>(seconds, 0));
  std::tm date{};
  const char* rest = ::strptime(std::string(text).c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date);
  if (rest == nullptr) return std::nullopt;
  return std::chrono::seconds(std::max<std::int64_t>(::timegm(&date) - now, 0));
}

bool is_header(const std::string& header) {
  const std::size_t colon = header.find(':');
  return colon != std::string::npos && colon != 0 &&
         std::ranges::all_of(header.substr(0, colon),
                             [](unsigned char c) { return std::isalnum(c) != 0 || c == '-'; }) &&
         std::ranges::all_of(header, [](unsigned char c) { return c >= ' ' && c != 0x7f; });
}

}  // namespace

struct HttpPoster::Tls {
  SSL_CTX* context = nullptr;
  ~Tls() { SSL_CTX_free(context); }
};

Result<HttpOutcome> read_http_head(std::string_view head, std::int64_t now) {
  HttpOutcome outcome;
  std::string_view line = head.substr(0, head.find("\r\n"));
  const char* digits = line.data() + 9;
  if (!line.starts_with("HTTP/1.") || line.size() < 12 ||
      std::from_chars(digits, digits + 3, outcome.status).ptr != digits + 3)
    return fail("the answer is not HTTP");
  while (line.size() < head.size()) {
    head.remove_prefix(std::min(line.size() + 2, head.size()));
    line = head.substr(0, head.find("\r\n"));
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos && is_name(line.substr(0, colon), "retry-after"))
      outcome.retry_after = read_retry_after(trimmed(line.substr(colon + 1)), now);
  }
  return outcome;
}

HttpPoster::HttpPoster(Url url, std::vector<std::string> headers)
    : url_(std::move(url)), headers_(std::move(headers)) {}

HttpPoster::~HttpPoster() = default;

Result<std::unique_ptr<HttpPoster>> HttpPoster::create(Url url, std::vector<std::string> headers,
                                                       const std::string& ca) {
  for (const auto& header : headers)
    if (!is_header(header)) return fail("'" + header + "': not a header, as 'Name: value'");
  std::unique_ptr<HttpPoster> poster(new HttpPoster(std::move(url), std::move(headers)));
  if (!poster->url_.tls) return poster;
  // No openssl.cnf: it may name modules, which are shared libraries.
  ::OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
  poster->tls_ = std::make_unique<Tls>();
  SSL_CTX* context = poster->tls_->context = ::SSL_CTX_new(::TLS_client_method());
  if (context == nullptr) return fail("TLS cannot be set up");
  ::SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  ::SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  ::SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  const bool trusted = ca.empty() ? ::SSL_CTX_set_default_verify_paths(context) == 1
                                  : ::SSL_CTX_load_verify_file(context, ca.c_str()) == 1;
  ::ERR_clear_error();
  if (!trusted) return fail(ca + ": there are no certificates (PEM) in it that can be read");
  return poster;
}

Result<HttpOutcome> HttpPoster::post(std::string_view body, const Deadline& deadline) {
  const auto stream = TRY(HttpStream::connect(url_, tls_ ? tls_->context : nullptr, deadline));
  std::string request =
      "POST " + url_.target + " HTTP/1.1\r\nHost: " + url_.authority +
      "\r\nUser-Agent: aspis\r\nContent-Type: application/json\r\nContent-Length: " +
      std::to_string(body.size()) + "\r\nConnection: close\r\n";
  for (const auto& header : headers_) request += header + "\r\n";
  request += "\r\n";
  request += body;
  TRYV(stream->write(request));
  std::string answer;
  for (;;) {
    const std::size_t end = answer.find(kEnd);
    if (end != std::string::npos) {
      const auto outcome =
          TRY(read_http_head(std::string_view(answer).substr(0, end), std::time(nullptr)));
      if (outcome.status >= 200) return outcome;
      answer.erase(0, end + kEnd.size());  // 1xx: another follows
      continue;
    }
    if (answer.size() > kHeadMax) return fail("the answer is not HTTP");
    const std::string piece = TRY(stream->read());
    if (piece.empty()) return fail("the connection was closed without an answer");
    answer += piece;
  }
}

}  // namespace aspis
