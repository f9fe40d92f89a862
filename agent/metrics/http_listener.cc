// SPDX-License-Identifier: Apache-2.0
#include "agent/metrics/http_listener.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

#include "agent/output/inet_address.h"
#include "agent/watch/session.h"

namespace aspis {
namespace {

constexpr std::size_t kRequestMax = 16 << 10;
constexpr std::size_t kConnectionsMax = 32;
constexpr std::uint64_t kPatience = 10'000'000'000;  // ns

Result<Fd> listen_at(const std::string& where) {
  const auto address = read_inet_address(where);
  if (!address)
    return fail("'" + where + "': neither a path, nor an address and a port as 127.0.0.1:9464");
  Fd fd(::socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return fail_errno("socket");
  const int one = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
  const auto* name = reinterpret_cast<const sockaddr*>(&address->storage);
  if (::bind(fd.get(), name, address->length) != 0 ||
      ::listen(fd.get(), static_cast<int>(kConnectionsMax)) != 0)
    return fail_errno(where);
  return fd;
}

std::string_view reason(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    default:
      return "Service Unavailable";
  }
}

}  // namespace

struct HttpListener::Connection {
  Fd fd;
  EventLoop::Token token = 0;
  std::uint64_t since = 0;
  std::string request, answer;
  bool answered = false, ended = false;
};

HttpListener::HttpListener(EventLoop& loop, Handler handler)
    : loop_(loop), handler_(std::move(handler)) {}

HttpListener::~HttpListener() {
  for (Connection& connection : connections_) loop_.forget(connection.token);
  loop_.forget(listening_);
}

Result<std::unique_ptr<HttpListener>> HttpListener::create(EventLoop& loop,
                                                           const std::string& where,
                                                           std::optional<gid_t> group,
                                                           Handler handler) {
  std::unique_ptr<HttpListener> http(new HttpListener(loop, std::move(handler)));
  if (where.starts_with('/')) {
    auto local = TRY(LocalListener::open(where, 0660, group));
    http->fd_ = http->local_.emplace(std::move(local)).fd();
  } else {
    http->inet_ = TRY(listen_at(where));
    http->fd_ = http->inet_.get();
  }
  http->listening_ =
      TRY(loop.watch(http->fd_, EPOLLIN, [raw = http.get()](std::uint32_t) { raw->accept(); }));
  return http;
}

void HttpListener::accept() {
  Fd fd(::accept4(fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!fd.valid() || connections_.size() >= kConnectionsMax) return;
  Connection& connection = connections_.emplace_back();
  connection.fd = std::move(fd);
  connection.since = boot_time();
  const auto token = loop_.watch(connection.fd.get(), EPOLLIN,
                                 [this, &connection](std::uint32_t) { ready(connection); });
  if (token)
    connection.token = *token;
  else
    connections_.pop_back();
}

void HttpListener::ready(Connection& connection) {
  if (connection.ended) return;
  if (!connection.answered) {
    char piece[4096];
    const ssize_t got = ::recv(connection.fd.get(), piece, sizeof(piece), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) return end(connection);
    connection.request.append(piece, static_cast<std::size_t>(got));
    if (connection.request.find("\r\n\r\n") == std::string::npos &&
        connection.request.size() <= kRequestMax)
      return;
    answer(connection);
  }
  while (!connection.answer.empty()) {
    const ssize_t sent = ::send(connection.fd.get(), connection.answer.data(),
                                connection.answer.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EAGAIN) {
      if (loop_.change(connection.token, EPOLLOUT)) return;
      break;
    }
    if (sent < 0 && errno != EINTR) break;
    if (sent > 0) connection.answer.erase(0, static_cast<std::size_t>(sent));
  }
  ::shutdown(connection.fd.get(), SHUT_WR);
  end(connection);
}

void HttpListener::answer(Connection& connection) {
  connection.answered = true;
  const std::string_view line =
      std::string_view(connection.request).substr(0, connection.request.find("\r\n"));
  const std::size_t method = line.find(' ');
  const std::size_t path = method == std::string_view::npos ? method : line.find(' ', method + 1);
  HttpAnswer said{400, "text/plain; charset=utf-8", "not a request\n"};
  const bool whole = connection.request.find("\r\n\r\n") != std::string::npos;
  const bool head = line.starts_with("HEAD ");
  if (whole && path != std::string_view::npos && line.substr(path + 1).starts_with("HTTP/1.")) {
    if (head || line.starts_with("GET ")) {
      const std::string_view target = line.substr(method + 1, path - method - 1);
      said = handler_(std::string(target.substr(0, target.find('?'))))
                 .value_or(HttpAnswer{404, said.type, "there is no such page\n"});
    } else {
      said = {405, said.type, "GET and HEAD alone\n"};
    }
  }
  connection.answer = "HTTP/1.1 " + std::to_string(said.status) + " ";
  connection.answer += reason(said.status);
  connection.answer += "\r\nContent-Type: " + said.type +
                       "\r\nContent-Length: " + std::to_string(said.body.size()) +
                       "\r\nConnection: close\r\n\r\n";
  if (!head) connection.answer += said.body;
}

void HttpListener::end(Connection& connection) {
  loop_.forget(connection.token);
  connection.fd.reset();
  connection.ended = true;
}

void HttpListener::tick(std::uint64_t now) {
  for (Connection& connection : connections_)
    if (!connection.ended && now - connection.since > kPatience) end(connection);
  std::erase_if(connections_, [](const Connection& connection) { return connection.ended; });
}

}  // namespace aspis
