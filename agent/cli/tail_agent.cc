// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/tail_agent.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <functional>
#include <string_view>
#include <unordered_set>

#include "agent/cli/loop.h"
#include "agent/config/config.h"
#include "agent/control/client.h"
#include "agent/history/history.h"
#include "agent/history/json_line.h"
#include "agent/watch/line_output.h"
#include "base/log.h"

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

/// Takes whole lines from `lines`, and appends what is to be shown of them.
using Show = std::function<void(std::string& lines, std::string& out)>;

/// The agent's lines, until it or a signal ends them: then true.
Result<bool> copy_lines(Client& client, Signals& signals, int out, const Show& show) {
  std::string lines, shown;
  for (;;) {
    std::array<pollfd, 2> wait{pollfd{client.fd(), POLLIN, 0}, pollfd{signals.fd(), POLLIN, 0}};
    if (::poll(wait.data(), wait.size(), -1) < 0 && errno != EINTR) return fail_errno("poll");
    if (wait[1].revents != 0) return true;
    const auto more = client.read(lines);
    if (!more || !*more) return false;
    show(lines, shown);
    TRYV(write_all(out, shown));
    shown.clear();
  }
}

void show_as_it_is(std::string& lines, std::string& out) {
  std::swap(lines, out);
}

/// The past and the present, of which the ends overlap: the agent is asked before its log is read.
class Joined {
 public:
  Joined(bool json, bool colour) : json_(json), colour_(colour) {}

  Result<> show_past(const HistoryOptions& options, int fd) {
    std::string out;
    Result<> written;
    const auto read =
        TRY(read_history(options, [&](std::string_view line, const nlohmann::json& record) {
          const std::string_view bare = without_chain(line, memory_);
          if (seen_.size() >= kSeenMax) seen_.clear();
          seen_.insert(std::hash<std::string_view>()(bare));
          append(bare, record, out);
          if (out.size() < kBatch || !written) return;
          written = write_all(fd, out);
          out.clear();
        }));
    if (read.unreadable != 0)
      log::warn("{}: {} lines are no events", options.path, read.unreadable);
    if (written) written = write_all(fd, out);
    overlap_ends_ = std::chrono::steady_clock::now() + kOverlap;
    return written;
  }

  void show_present(std::string& lines, std::string& out) {
    if (!seen_.empty() && std::chrono::steady_clock::now() > overlap_ends_) seen_.clear();
    std::size_t begin = 0;
    for (std::size_t end; (end = lines.find('\n', begin)) != std::string::npos; begin = end + 1) {
      const std::string_view line = std::string_view(lines).substr(begin, end - begin);
      if (seen_.contains(std::hash<std::string_view>()(line))) continue;
      append(line, json_ ? nlohmann::json() : nlohmann::json::parse(line, nullptr, false), out);
    }
    lines.erase(0, begin);
  }

 private:
  static constexpr std::size_t kSeenMax = 1U << 20, kBatch = 256U << 10;
  /// An output writes within a second what it is given, if it can.
  static constexpr std::chrono::seconds kOverlap{10};

  void append(std::string_view line, const nlohmann::json& record, std::string& out) {
    if (json_)
      (out += line) += '\n';
    else if (record.is_object())
      append_json_line(record, colour_, out);
  }

  bool json_, colour_;
  std::string memory_;
  std::unordered_set<std::size_t> seen_;  ///< hashes of lines
  std::chrono::steady_clock::time_point overlap_ends_;
};

}  // namespace

Result<std::string> configured_log() {
  constexpr const char* kNamed = "; name the log: --log FILE";
  const auto config = read_config(kConfigFile);
  if (!config) return fail(config.error().text() + kNamed);
  for (const OutputConfig& output : config->outputs)
    if (output.type == "log" || (output.type == "file" && output.format == "json"))
      return output.path;
  return fail(std::string(kConfigFile) + " has no output of type log, or file with format json" +
              kNamed);
}

Result<> follow_agent(const WatchOptions& options, const std::string& socket,
                      const std::optional<Past>& past) {
  const auto output = TRY(open_output(options.to, STDOUT_FILENO));
  const bool colour = format_context(output.get()).colour;
  const nlohmann::json request = {{"request", "tail"},
                                  {"format", past ? "json" : options.format},
                                  {"colour", colour},
                                  {"events", options.filter.events},
                                  {"verdicts", options.filter.verdicts},
                                  {"python_only", options.filter.python_only},
                                  {"denials_only", options.filter.denials_only}};
  auto signals = TRY(Signals::take({SIGINT, SIGTERM, SIGHUP}));
  auto client = join(socket, request);
  Joined joined(options.format == "json", colour);
  Show show = show_as_it_is;
  if (past) {
    TRYV(joined.show_past({past->log, past->since, options.filter}, output.get()));
    show = [&joined](std::string& lines, std::string& out) { joined.show_present(lines, out); };
  }
  if (!client) return tl::unexpected(client.error());
  for (;;) {
    if (TRY(copy_lines(*client, signals, output.get(), show))) return {};
    log::warn("the agent has gone: waiting for it to come back");
    for (;;) {
      if (ended(signals, kRetryMs)) return {};
      auto again = join(socket, request);
      if (!again) continue;
      client = std::move(again);
      log::warn("the agent is back: what happened meanwhile is not shown here");
      break;
    }
  }
}

}  // namespace aspis
