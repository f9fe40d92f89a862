// SPDX-License-Identifier: Apache-2.0
#include "agent/control/client.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <utility>

#include "agent/control/local_socket.h"

namespace aspis {

Result<Client> Client::connect(const std::string& path) {
  auto fd = connect_local(path);
  if (fd) return Client(std::move(*fd));
  const int code = fd.error().code;
  if (code == ENOENT || code == ECONNREFUSED)
    return fail_errno("no agent listens at " + path + " (is aspis agent running?)", code);
  if (code == EACCES)
    return fail_errno(path + " is for root and the group of the agent's configuration", code);
  return tl::unexpected(fd.error());
}

void Client::give_up_after(std::chrono::milliseconds patience) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(patience);
  const timeval limit{
      seconds.count(),
      std::chrono::duration_cast<std::chrono::microseconds>(patience - seconds).count()};
  (void)::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  (void)::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
}

Result<Client::Json> Client::ask(const Json& request) {
  const std::string line = request.dump() + "\n";
  for (std::string_view rest = line; !rest.empty();) {
    const ssize_t sent = ::send(fd_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EPIPE) break;  // it may have said why
    if (sent < 0) return fail_errno("the agent hung up");
    rest.remove_prefix(static_cast<std::size_t>(sent));
  }
  while (rest_.find('\n') == std::string::npos)
    if (!TRY(read(rest_))) return fail("the agent hung up without an answer");
  const std::size_t end = rest_.find('\n');
  Json answer = Json::parse(rest_.substr(0, end), nullptr, false);
  rest_.erase(0, end + 1);
  if (!answer.is_object()) return fail("what the agent answers is not JSON");
  if (answer.value("ok", false)) return answer;
  return tl::unexpected(
      Error{answer.value("error", "refused without a reason"), answer.value("errno", 0)});
}

Result<bool> Client::read(std::string& lines) {
  if (&lines != &rest_ && !rest_.empty()) {
    lines += std::exchange(rest_, {});
    return true;
  }
  char piece[64 << 10];
  ssize_t got = 0;
  do got = ::recv(fd_.get(), piece, sizeof(piece), 0);
  while (got < 0 && errno == EINTR);
  if (got < 0 && errno == EAGAIN) return fail("the agent does not answer");
  if (got < 0) return fail_errno("the agent's socket");
  lines.append(piece, static_cast<std::size_t>(got));
  return got > 0;
}

Result<nlohmann::json> ask_agent(const std::string& path, const nlohmann::json& request,
                                 std::chrono::milliseconds patience) {
  auto client = TRY(Client::connect(path));
  if (patience.count() != 0) client.give_up_after(patience);
  return client.ask(request);
}

}  // namespace aspis
