// SPDX-License-Identifier: Apache-2.0
// The HTTP client against a real server, with and without TLS.
#include "agent/webhook/http_post.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/unit/webhook/receiver.h"

namespace aspis {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

Result<HttpOutcome> post(const std::string& url, const std::string& ca = {},
                         std::chrono::milliseconds patience = 10s, const std::string& body = "{}") {
  const auto end = HttpPoster::Clock::now() + patience;
  const auto poster = TRY(HttpPoster::create(TRY(read_url(url)), {"X-Key: secret"}, ca));
  return poster->post(body, [end] { return end; });
}

TEST(Url, ReadsThoseThatMayBe) {
  const auto slack = read_url("https://hooks.slack.com/services/T0/B0/x?y=1#z");
  ASSERT_TRUE(slack) << slack.error().text();
  EXPECT_EQ(slack->host, "hooks.slack.com");
  EXPECT_EQ(slack->port, 443);
  EXPECT_EQ(slack->target, "/services/T0/B0/x?y=1");
  EXPECT_EQ(slack->shown(), "https://hooks.slack.com") << "the rest is a secret";
  EXPECT_EQ(read_url("http://[::1]:8080")->target, "/");
  EXPECT_EQ(read_url("http://[::1]:8080?x")->target, "/?x");
  EXPECT_EQ(read_url("http://[::1]:8080")->host, "::1");
  EXPECT_EQ(read_url("http://localhost/x")->port, 80);
  const auto local = read_url("http://unix:/run/x.sock:/hook");
  EXPECT_EQ(local->socket, "/run/x.sock");
  EXPECT_EQ(local->target, "/hook");
}

TEST(Url, SaysWhatIsNone) {
  for (const char* url : {"", "ftp://x/", "hooks.slack.com", "https://", "https:///x",
                          "https://a b/", "https://u@h/", "https://h:0/", "https://h:65536/",
                          "https://h:x/", "https://[::1/", "https://[x]/", "http://127.0.0.1:"})
    EXPECT_FALSE(read_url(url)) << url;
  for (const char* url : {"http://example.com/", "http://192.0.2.1/", "http://[2001:db8::1]/",
                          "http://127.0.0.1.example.com/"})
    EXPECT_THAT(read_url(url).error().text(), HasSubstr("takes https")) << url;
}

TEST(HttpHead, SaysStatusAndWhenToTryAgain) {
  EXPECT_EQ(read_http_head("HTTP/1.1 204 No Content", 0)->status, 204U);
  EXPECT_EQ(read_http_head("HTTP/1.0 200\r\nA: b", 0)->status, 200U);
  const auto busy = read_http_head("HTTP/1.1 429 x\r\nretry-AFTER:  7 \r\nB: c", 0);
  EXPECT_EQ(busy->retry_after, 7s);
  const auto date =
      read_http_head("HTTP/1.1 503 x\r\nRetry-After: Fri, 31 Dec 1999 23:59:59 GMT", 946684790);
  EXPECT_EQ(date->retry_after, 9s) << "date -u -d 'Fri, 31 Dec 1999 23:59:59 GMT' +%s: 946684799";
  EXPECT_EQ(read_http_head("HTTP/1.1 503 x\r\nRetry-After: soon", 0)->retry_after, std::nullopt);
  for (const char* head :
       {"", "HTTP/1.1", "HTTP/1.1 20", "HTTP/2 200 OK x", "SSH-2.0-OpenSSH_9.2", "HTTP/1.1 abc OK"})
    EXPECT_FALSE(read_http_head(head, 0)) << head;
}

TEST(HttpPost, PostsOverTcp) {
  Receiver receiver;
  receiver.start();
  receiver.answers("201\n302 Location=http://127.0.0.1/\n");
  const std::string body = "{\"x\": \"" + std::string(300'000, 'y') + "\"}";
  const auto answer = post(receiver.url(), {}, 10s, body);
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_EQ(answer->status, 201U);
  EXPECT_EQ(post(receiver.url())->status, 302U);
  const auto requests = receiver.requests();
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(requests[0]["path"], "/hook?key=1");
  EXPECT_EQ(requests[0]["body"], body);
  EXPECT_EQ(requests[0]["headers"]["Host"], "127.0.0.1:" + receiver.port());
  EXPECT_EQ(requests[0]["headers"]["Content-Type"], "application/json");
  EXPECT_EQ(requests[0]["headers"]["X-Key"], "secret");
}

TEST(HttpPost, PostsOverALocalSocket) {
  const std::string path = "/tmp/aspis-hook-" + std::to_string(::getpid());
  Receiver receiver({"--unix", path});
  receiver.start();
  EXPECT_EQ(post("http://unix:" + path + ":/x")->status, 200U);
  EXPECT_EQ(receiver.requests().at(0)["path"], "/x");
  receiver.stop();
  EXPECT_EQ(post("http://unix:" + path + ":/x").error().code, ECONNREFUSED);
  ::unlink(path.c_str());
  EXPECT_EQ(post("http://unix:" + path + ":/x").error().code, ENOENT);
}

TEST(HttpPost, DoesNotWaitForLongerThanItMay) {
  Receiver receiver;
  receiver.start();
  receiver.answers("200 sleep=5\n");
  const auto begin = HttpPoster::Clock::now();
  EXPECT_EQ(post(receiver.url(), {}, 300ms).error().code, ETIMEDOUT);
  EXPECT_LT(HttpPoster::Clock::now() - begin, 3s);
  receiver.stop();
  EXPECT_EQ(post(receiver.url()).error().code, ECONNREFUSED);
}

TEST(HttpPost, VerifiesWhoIsThere) {
  char name[] = "/tmp/aspis-tls-XXXXXX";
  const std::string directory = ::mkdtemp(name);
  const std::string certificate = directory + "/c.pem", key = directory + "/k.pem";
  ASSERT_EQ(
      std::system(("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
                   "-subj /CN=receiver -addext subjectAltName=IP:127.0.0.1 -keyout " +
                   key + " -out " + certificate + " 2>/dev/null")
                      .c_str()),
      0);
  {
    Receiver receiver({"--tls", certificate, key});
    receiver.start();
    const std::string url = "https://127.0.0.1:" + receiver.port() + "/";
    const auto answer = post(url, certificate);
    ASSERT_TRUE(answer) << answer.error().text();
    EXPECT_EQ(answer->status, 200U);
    EXPECT_EQ(receiver.requests().size(), 1U);
    EXPECT_THAT(post(url).error().text(), HasSubstr("certificate: self-signed certificate"));
    EXPECT_THAT(post("https://localhost:" + receiver.port() + "/", certificate).error().text(),
                HasSubstr("certificate: hostname mismatch"));
    EXPECT_EQ(receiver.requests().size(), 1U);
  }
  Receiver plain;
  plain.start();
  EXPECT_THAT(post("https://127.0.0.1:" + plain.port() + "/", certificate).error().text(),
              HasSubstr("TLS: handshake"));
  EXPECT_THAT(post("https://127.0.0.1:1/", key).error().text(), HasSubstr("no certificates"));
  std::filesystem::remove_all(directory);
}

TEST(HttpPost, RefusesWhatIsNoHeader) {
  for (const char* header : {"", "x", ": y", "a b: c", "A: b\r\nC: d"})
    EXPECT_FALSE(HttpPoster::create(*read_url("http://[::1]/"), {header}, "")) << header;
}

}  // namespace
}  // namespace aspis
