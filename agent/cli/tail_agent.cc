// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/tail_agent.h"

#include <poll.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>

#include "agent/cli/loop.h"
#include "agent/control/client.h"
#include "agent/watch/line_output.h"

namespace aspis {
namespace {

constexpr int kRetryMs = 300;

Result<> write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) return fail_errno("the events cannot be written");
    if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<Client> join(const std::string& socket, const nlohmann::json& request) {
  auto client = TRY(Client::connect(socket));
  TRY(client.ask(request));
  return client;
}

/// Until `patience` has passed, or a signal has come: then true.
bool ended(Signals& signals, int patience_ms) {
  pollfd wait{signals.fd(), POLLIN, 0};
  return ::poll(&wait, 1, patience_ms) == 1;
}

/// The agent's lines, until it or a signal ends them: then true.
Result<bool> copy_lines(Client& client, Signals& signals, int out) {
  std::string lines;
  for (;;) {
    std::array<pollfd, 2> wait{pollfd{client.fd(), POLLIN, 0}, pollfd{signals.fd(), POLLIN, 0}};
    if (lines.empty() && ::poll(wait.data(), wait.size(), -1) < 0 && errno != EINTR)
      return fail_errno("poll");
    if (wait[1].revents != 0) return true;
    const auto more = client.read(lines);
    if (!more || !*more) return false;
    TRYV(write_all(out, lines));
    lines.clear();
  }
}

}  // namespace

Result<> follow_agent(const WatchOptions& options, const std::string& socket) {
  const auto output = TRY(open_output(options.to, STDOUT_FILENO));
  const nlohmann::json request = {{"request", "tail"},
                                  {"format", options.format},
                                  {"colour", format_context(output.get()).colour},
                                  {"events", options.filter.events},
                                  {"verdicts", options.filter.verdicts},
                                  {"python_only", options.filter.python_only},
                                  {"denials_only", options.filter.denials_only}};
  auto signals = TRY(Signals::take({SIGINT, SIGTERM, SIGHUP}));
  auto client = TRY(join(socket, request));
  for (;;) {
    if (TRY(copy_lines(client, signals, output.get()))) return {};
    spdlog::warn("the agent has gone: waiting for it to come back");
    for (;;) {
      if (ended(signals, kRetryMs)) return {};
      auto again = join(socket, request);
      if (!again) continue;
      client = std::move(*again);
      spdlog::warn("the agent is back: what happened meanwhile is not shown here");
      break;
    }
  }
}

}  // namespace aspis
