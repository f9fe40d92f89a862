// SPDX-License-Identifier: Apache-2.0
// Just enough of HTTP/1.1 (RFC 9112) for who scrapes metrics and asks for health: GET, one answer,
// and the connection ends.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "agent/control/local_socket.h"
#include "agent/watch/event_loop.h"
#include "base/fd.h"
#include "base/result.h"

namespace aspis {

struct HttpAnswer {
  int status = 200;
  std::string type = "text/plain; charset=utf-8";
  std::string body;
};

class HttpListener {
 public:
  /// Of a path, without its query. Nothing: there is none such (404).
  using Handler = std::function<std::optional<HttpAnswer>(const std::string& path)>;

  /// `where`: "/run/aspis/metrics.sock" (mode 0660, with this group), or "127.0.0.1:9464",
  /// "[::1]:9464": any address, and a port. `loop` must outlive it.
  static Result<std::unique_ptr<HttpListener>> create(EventLoop& loop, const std::string& where,
                                                      std::optional<gid_t> group, Handler handler);
  ~HttpListener();
  HttpListener(const HttpListener&) = delete;
  HttpListener& operator=(const HttpListener&) = delete;

  /// Ends connections that take too long. About ten times a second.
  void tick(std::uint64_t now);

 private:
  struct Connection;
  HttpListener(EventLoop& loop, Handler handler);
  void accept();
  void ready(Connection& connection);
  void answer(Connection& connection);
  void end(Connection& connection);

  EventLoop& loop_;
  Handler handler_;
  std::optional<LocalListener> local_;
  Fd inet_;
  int fd_ = -1;
  EventLoop::Token listening_ = 0;
  std::list<Connection> connections_;
};

}  // namespace aspis
