// SPDX-License-Identifier: Apache-2.0
// The agent's socket: requests of a line of JSON each, answered by one, and tails of events.
//
// {"request": NAME, …} → {"ok": true, …} or {"ok": false, "error": TEXT}. After the answer to
// "tail" come the lines of events; every other answer ends the connection.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "agent/control/local_socket.h"
#include "agent/control/peer.h"
#include "agent/control/stream.h"
#include "agent/output/output.h"
#include "agent/watch/event_loop.h"
#include "base/fd.h"
#include "base/result.h"

namespace aspis {

struct ServerOptions {
  std::string path = "/run/aspis/aspis.sock";
  std::optional<gid_t> readers;        ///< besides root: may tail and ask
  std::optional<gid_t> admins;         ///< besides root: may change the policy, too
  std::size_t queue_bytes = 8U << 20;  ///< lines kept for readers that lag behind
  std::size_t connections_max = 1024;
};

class Server : public Output {
 public:
  enum class Access { kRead, kChange };
  using Json = nlohmann::json;
  /// Answers a request: an object, which goes out with "ok": true.
  using Handler = std::function<Result<Json>(const Json& request, const Peer& peer)>;

  /// `loop` must outlive the server.
  static Result<std::unique_ptr<Server>> create(EventLoop& loop, ServerOptions options);
  ~Server() override;
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  void handle(const std::string& request, Access access, Handler handler);

  [[nodiscard]] std::size_t tails() const;
  /// Events that readers were too slow for.
  [[nodiscard]] std::uint64_t lost() const override;

  bool wants(const Record& record) override;
  void emit(const Record& record) override;
  void tick() override;
  /// Hands out what is left and ends the tails; the summary is not for them.
  Result<> close(const Summary& summary, std::uint64_t now,
                 std::chrono::milliseconds patience) override;

 private:
  struct Connection;
  struct Row {
    Access access;
    Handler handler;
  };

  Server(EventLoop& loop, ServerOptions options);
  Result<> start();
  Result<> listen();
  void keep_name();
  void accept();
  void ready(Connection& connection, std::uint32_t events);
  void read_request(Connection& connection);
  void answer(Connection& connection, const std::string& line);
  [[nodiscard]] bool allowed(const Peer& peer, Access access) const;
  Result<Json> begin_tail(Connection& connection, const Json& request);
  /// Sends as much as there is and as the reader takes. False: the connection is at its end.
  bool send(Connection& connection);
  void end(Connection& connection);
  void flush();
  void forget_read();

  EventLoop& loop_;
  ServerOptions options_;
  std::unique_ptr<LocalListener> listener_;
  EventLoop::Token listening_ = 0;
  std::uint64_t next_look_ = 0;  ///< at the socket's name: ns, CLOCK_BOOTTIME
  bool nameless_ = false;        ///< and it has been said
  bool deaf_ = false;            ///< until the next tick: there were no descriptors left
  Fd timer_;
  bool timer_set_ = false;
  std::map<std::string, Row> handlers_;
  std::list<Connection> connections_;
  std::map<std::string, std::weak_ptr<Stream>> streams_;  ///< by what was asked for
  std::vector<std::shared_ptr<Stream>> open_;             ///< those with readers
  std::vector<Stream*> wanting_;                          ///< the record at hand
  std::uint64_t lost_before_ = 0;                         ///< by streams that are gone
};

}  // namespace aspis
