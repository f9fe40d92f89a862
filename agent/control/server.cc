// SPDX-License-Identifier: Apache-2.0
#include "agent/control/server.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <unordered_map>

#include "agent/watch/line_output.h"
#include "agent/watch/session.h"
#include "base/log.h"

namespace aspis {
namespace {

constexpr std::size_t kRequestMax = 64U << 10;
constexpr std::string_view kTooMany =
    "{\"ok\":false,\"error\":\"too many connections to the agent at a time\"}\n";
constexpr std::uint64_t kRequestPatience = 10'000'000'000;  // ns, for the request to be there
/// How long a line may wait for others to go with it: a hundred readers are a hundred system calls
/// each time.
constexpr itimerspec kFlushDelay{{0, 0}, {0, 10'000'000}};

std::vector<std::string> strings(const nlohmann::json& request, const char* key) {
  const auto found = request.find(key);
  return found == request.end() ? std::vector<std::string>()
                                : found->get<std::vector<std::string>>();
}

}  // namespace

struct Server::Connection {
  Fd fd;
  Peer peer;
  EventLoop::Token token = 0;
  std::uint64_t since = 0;         ///< ns, CLOCK_BOOTTIME
  std::string request;             ///< until it is whole
  bool asked = false;              ///< it is
  std::shared_ptr<Stream> stream;  ///< a tail
  Stream::Place place;
  std::shared_ptr<const Chunk> now;  ///< being sent, `sent` bytes of it
  std::size_t sent = 0;
  bool full = false;  ///< waits until the reader has taken some
  bool ended = false;
};

Server::Server(EventLoop& loop, ServerOptions options)
    : loop_(loop), options_(std::move(options)) {}

Server::~Server() {
  for (Connection& connection : connections_) loop_.forget(connection.token);
  loop_.forget(listening_);
}

Result<std::unique_ptr<Server>> Server::create(EventLoop& loop, ServerOptions options) {
  std::unique_ptr<Server> server(new Server(loop, std::move(options)));
  TRYV(server->start());
  return server;
}

Result<> Server::start() {
  timer_ = Fd(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
  if (!timer_.valid()) return fail_errno("timerfd_create");
  TRY(loop_.watch(timer_.get(), EPOLLIN, [this](std::uint32_t) { flush(); }));
  return listen();
}

Result<> Server::listen() {
  auto listener = TRY(LocalListener::open(options_.path, 0660, options_.readers));
  if (listener_) loop_.forget(listening_);
  listener_ = std::make_unique<LocalListener>(std::move(listener));
  listening_ = TRY(loop_.watch(listener_->fd(), EPOLLIN, [this](std::uint32_t) { accept(); }));
  return {};
}

/// Whoever removes the socket, by mistake perhaps, shuts everybody out: once a second it is made
/// again. Connections that are there go on.
void Server::keep_name() {
  constexpr std::uint64_t kLook = 1'000'000'000;
  const std::uint64_t now = boot_time();
  if (now < next_look_) return;
  next_look_ = now + kLook;
  if (listener_->is_named()) return;
  const auto made = listen();
  if (made)
    log::warn("{}: somebody has removed or replaced this socket; it is there again", options_.path);
  else if (!nameless_)
    log::error("{}: somebody has removed or replaced this socket, and it cannot be made again: {}",
               options_.path, made.error().text());
  nameless_ = !made;
}

void Server::handle(const std::string& request, Access access, Handler handler) {
  handlers_[request] = {access, std::move(handler)};
}

bool Server::allowed(const Peer& peer, Access access) const {
  if (peer.uid == 0 || (options_.admins && peer.in_group(*options_.admins))) return true;
  return access == Access::kRead && options_.readers && peer.in_group(*options_.readers);
}

void Server::accept() {
  for (;;) {
    Fd fd(::accept4(listener_->fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd.valid()) {
      if (errno != EMFILE && errno != ENFILE) return;
      deaf_ = loop_.change(listening_, 0).has_value();  // it would be ready all the time
      return;
    }
    auto peer = peer_of(fd.get());
    if (!peer) continue;
    if (connections_.size() >= options_.connections_max) {
      (void)::send(fd.get(), kTooMany.data(), kTooMany.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      continue;
    }
    Connection& connection = connections_.emplace_back();
    connection.fd = std::move(fd);
    connection.peer = std::move(*peer);
    connection.since = boot_time();
    const auto token =
        loop_.watch(connection.fd.get(), EPOLLIN,
                    [this, &connection](std::uint32_t events) { ready(connection, events); });
    if (!token) {
      connections_.pop_back();
      continue;
    }
    connection.token = *token;
  }
}

void Server::ready(Connection& connection, std::uint32_t events) {
  if (connection.ended) return;
  if ((events & EPOLLOUT) != 0 && !send(connection)) return end(connection);
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) read_request(connection);
}

/// Of a connection that has asked already, nothing but its end is expected.
void Server::read_request(Connection& connection) {
  char piece[4096];
  const ssize_t got = ::recv(connection.fd.get(), piece, sizeof(piece), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return end(connection);
  if (connection.asked) return;
  connection.request.append(piece, static_cast<std::size_t>(got));
  const std::size_t line = connection.request.find('\n');
  if (line == std::string::npos && connection.request.size() <= kRequestMax) return;
  connection.asked = true;
  if (line == std::string::npos)
    answer(connection, "");
  else
    answer(connection, connection.request.substr(0, line));
  connection.request = {};
}

void Server::answer(Connection& connection, const std::string& line) {
  const auto ask = [&]() -> Result<Json> {
    const Json request = Json::parse(line, nullptr, false);
    if (!request.is_object() || !request.contains("request") || !request["request"].is_string())
      return fail("not a request: one line with a JSON object that has a member \"request\"");
    const std::string name = request["request"];
    const auto row = handlers_.find(name);
    if (name != "tail" && row == handlers_.end())
      return fail("unknown request '" + name + "'; is the agent of another version?");
    const Access access = name == "tail" ? Access::kRead : row->second.access;
    if (!allowed(connection.peer, access))
      return fail_errno("'" + name + "' is not for user " + std::to_string(connection.peer.uid),
                        EPERM);
    return name == "tail" ? begin_tail(connection, request)
                          : row->second.handler(request, connection.peer);
  };
  Json said = Json::object();
  try {
    auto answered = ask();
    if (answered) said = std::move(*answered);
    said["ok"] = answered.has_value();
    if (!answered) said["error"] = answered.error().message;
    if (!answered && answered.error().code != 0) said["errno"] = answered.error().code;
  } catch (const Json::exception& error) {  // a member of another type than was expected
    said = {{"ok", false}, {"error", std::string("not a request: ") + error.what()}};
  }
  connection.now = std::make_shared<Chunk>(
      Chunk{said.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"});
  if (!send(connection)) end(connection);
}

Result<Server::Json> Server::begin_tail(Connection& connection, const Json& request) {
  const std::string format = request.value("format", "compact");
  const FormatterInfo* info = find_formatter(format);
  if (info == nullptr) return fail("unknown format '" + format + "'");
  FormatContext context = format_context(-1);
  context.colour = request.value("colour", false);
  Filter filter;
  filter.events = strings(request, "events");
  filter.verdicts = strings(request, "verdicts");
  filter.python_only = request.value("python_only", false);
  filter.denials_only = request.value("denials_only", false);
  auto& known = streams_[request.dump()];
  connection.stream = known.lock();
  if (!connection.stream) {
    connection.stream =
        std::make_shared<Stream>(std::move(filter), info->make(context), options_.queue_bytes);
    known = connection.stream;
    open_.push_back(connection.stream);
  }
  connection.stream->seal();
  connection.place = connection.stream->end();
  return Json{{"version", ASPIS_VERSION}};
}

bool Server::send(Connection& connection) {
  const auto listen_for_room = [&](bool wanted) {
    if (std::exchange(connection.full, wanted) == wanted) return true;
    return loop_.change(connection.token, wanted ? EPOLLIN | EPOLLOUT : EPOLLIN).has_value();
  };
  for (;;) {
    if (!connection.now && connection.stream)
      connection.now = connection.stream->next(connection.place, boot_time());
    if (!connection.now) return connection.stream && listen_for_room(false);
    const std::string& lines = connection.now->lines;
    const ssize_t sent = ::send(connection.fd.get(), lines.data() + connection.sent,
                                lines.size() - connection.sent, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) return listen_for_room(true);
    if (sent < 0 && errno != EINTR) return false;
    if (sent > 0) connection.sent += static_cast<std::size_t>(sent);
    if (connection.sent < lines.size()) continue;
    connection.now.reset();
    connection.sent = 0;
  }
}

/// Its memory stays until tick(): who calls this may still look at it.
void Server::end(Connection& connection) {
  loop_.forget(connection.token);
  connection.fd.reset();
  connection.stream.reset();
  connection.now.reset();
  connection.ended = true;
}

bool Server::wants(const Record& record) {
  wanting_.clear();
  for (const auto& stream : open_)
    if (stream->wants(record)) wanting_.push_back(stream.get());
  return !wanting_.empty();
}

void Server::emit(const Record& record) {
  if (open_.empty()) return;
  if (record.kind == ASPIS_ASPIS_GAP)
    for (const auto& stream : open_) stream->emit(record);
  else
    for (Stream* stream : wanting_) stream->emit(record);
  if (!std::exchange(timer_set_, true)) ::timerfd_settime(timer_.get(), 0, &kFlushDelay, nullptr);
}

void Server::flush() {
  std::uint64_t expired = 0;
  if (::read(timer_.get(), &expired, sizeof(expired)) < 0 && errno != EAGAIN) return;
  timer_set_ = false;
  for (const auto& stream : open_) stream->seal();
  for (Connection& connection : connections_)
    if (connection.stream && !connection.full && !send(connection)) end(connection);
}

void Server::tick() {
  keep_name();
  if (deaf_) deaf_ = !loop_.change(listening_, EPOLLIN);
  const std::uint64_t now = boot_time();
  for (Connection& connection : connections_)
    if (!connection.ended && !connection.asked && now - connection.since > kRequestPatience)
      end(connection);
  std::erase_if(connections_, [](const Connection& connection) { return connection.ended; });
  std::erase_if(open_, [this](const std::shared_ptr<Stream>& stream) {
    if (stream.use_count() > 1) return false;
    lost_before_ += stream->lost();
    return true;
  });
  std::erase_if(streams_, [](const auto& row) { return row.second.expired(); });
  forget_read();
}

/// Lines are kept for those who have not had them yet, and no longer.
void Server::forget_read() {
  std::unordered_map<Stream*, std::uint64_t> needed;  // by the reader that is furthest behind
  for (const Connection& connection : connections_) {
    if (!connection.stream) continue;
    const std::uint64_t next = connection.place.chunk;
    std::uint64_t& oldest = needed.try_emplace(connection.stream.get(), next).first->second;
    oldest = std::min(oldest, next);
  }
  for (const auto& [stream, chunk] : needed) stream->forget(chunk);
}

Result<> Server::close(const Summary&, std::uint64_t, std::chrono::milliseconds) {
  flush();
  for (Connection& connection : connections_)
    if (!connection.ended) end(connection);
  tick();
  return {};
}

std::size_t Server::tails() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      connections_, [](const Connection& one) { return one.stream != nullptr; }));
}

std::uint64_t Server::lost() const {
  std::uint64_t sum = lost_before_;
  for (const auto& stream : open_) sum += stream->lost();
  return sum;
}

}  // namespace aspis
