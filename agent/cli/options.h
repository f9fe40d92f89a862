// SPDX-License-Identifier: Apache-2.0
// Options that run and tail share.
#pragma once

#include <string>
#include <string_view>

#include "agent/watch/session.h"
#include "base/fd.h"
#include "base/result.h"

namespace CLI {
class App;
}

namespace aspis {

struct WatchOptions {
  std::string format = "compact";
  std::string to;     ///< file; "-" is standard output; empty: the subcommand's default
  std::string hooks;  ///< empty: the best that works
  unsigned ring_mib = 16;
  std::string stacks = "denied";  ///< denied, all, none
  bool hold = false;
  bool observing = false;  ///< something was said of how to observe
  Filter filter;
};

/// "denied", "all" or "none".
aspis_stacks stacks_from_name(std::string_view name);

/// Adds -o, --to, --hooks, --buffer-size, --stacks, --hold and the filters.
void add_watch_options(CLI::App& app, WatchOptions& options);

/// What --to names: a file, which is made or emptied; "-": standard output; empty: `default_fd`.
Result<Fd> open_output(const std::string& to, int default_fd);

/// Adds --socket.
void add_socket_option(CLI::App& app, std::string& path);

/// Opens the output (`default_fd` if --to is not given) and fills the session's options.
/// Fails with the option and what is wrong with it.
Result<SessionOptions> session_options(const WatchOptions& options, int default_fd);

}  // namespace aspis
