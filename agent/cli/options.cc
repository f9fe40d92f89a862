// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/options.h"

#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <bit>

#include "agent/event/kinds.h"
#include "agent/output/formatter.h"

namespace aspis {
namespace {

constexpr unsigned kRingMibMax = 1024;

std::string formats_help() {
  std::string help = "Format of the events:";
  for (const auto& format : formatters())
    help += " " + std::string(format.name) + " (" + std::string(format.description) + ")";
  return help;
}

std::vector<std::string> format_names() {
  std::vector<std::string> names;
  for (const auto& format : formatters()) names.emplace_back(format.name);
  return names;
}

std::vector<std::string> backend_names() {
  std::vector<std::string> names;
  for (const Backend backend : kBackends) names.emplace_back(backend_name(backend));
  return names;
}

struct StacksName {
  std::string_view name;
  aspis_stacks value;
};
constexpr StacksName kStacks[] = {
    {"denied", ASPIS_STACKS_DENIED}, {"all", ASPIS_STACKS_ALL}, {"none", ASPIS_STACKS_NONE}};

std::vector<std::string> stacks_names() {
  std::vector<std::string> names;
  for (const StacksName& row : kStacks) names.emplace_back(row.name);
  return names;
}

}  // namespace

aspis_stacks stacks_from_name(std::string_view name) {
  for (const StacksName& row : kStacks)
    if (row.name == name) return row.value;
  return ASPIS_STACKS_NONE;
}

Result<Fd> open_output(const std::string& to, int default_fd) {
  if (to.empty() || to == "-") {
    Fd copy(::fcntl(to.empty() ? default_fd : STDOUT_FILENO, F_DUPFD_CLOEXEC, 3));
    if (!copy.valid())
      return fail_errno(to.empty() && default_fd == STDERR_FILENO ? "standard error"
                                                                  : "standard output");
    return copy;
  }
  // What programs open and say is not for everyone's eyes.
  Fd file(::open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file.valid()) return fail_errno("--to " + to);
  return file;
}

void add_watch_options(CLI::App& app, WatchOptions& options) {
  app.add_option("-o,--output", options.format, formats_help())
      ->check(CLI::IsMember(format_names()))
      ->capture_default_str()
      ->type_name("FORMAT");
  app.add_option("--to", options.to, "Write the events to FILE instead ('-': standard output)")
      ->type_name("FILE");
  const auto observing = [&options](const std::string&) { options.observing = true; };
  app.add_option("--hooks", options.hooks,
                 "Use this hook backend, or fail (default: the best that works)")
      ->check(CLI::IsMember(backend_names()))
      ->type_name("BACKEND")
      ->each(observing);
  app.add_option("--buffer-size", options.ring_mib,
                 "Ring buffer between kernel and agent, in MiB, a power of two")
      ->check(CLI::Range(1U, kRingMibMax))
      ->capture_default_str()
      ->type_name("MIB")
      ->each(observing);
  app.add_option("--stacks", options.stacks,
                 "Show the Python stack of events: of those that profiles report and that Python "
                 "did not announce (denied), of all of Python's, of none")
      ->check(CLI::IsMember(stacks_names()))
      ->capture_default_str()
      ->type_name("WHICH")
      ->each(observing);
  app.add_flag("--hold", options.hold,
               "Stop (SIGSTOP) a process that runs or maps a file never seen before until it is "
               "known whether a Python interpreter is in it: no audit event is missed")
      ->each(observing);
  app.add_option("--event", options.filter.events,
                 "Show only these events: a glob on file.open, net.*, …, or on python.NAME for "
                 "audit events")
      ->check([](const std::string& glob) {
        return event_glob_can_match(glob)
                   ? std::string()
                   : glob + ": no event has such a name (docs/events.md lists them)";
      })
      ->type_name("GLOB");
  app.add_option("--verdict", options.filter.verdicts, "Show only events with this verdict")
      ->check(CLI::IsMember(std::vector<std::string>(kVerdicts.begin(), kVerdicts.end())))
      ->type_name("VERDICT");
  app.add_flag("--python-only", options.filter.python_only,
               "Show only processes that are CPython, not those that they started");
}

void add_socket_option(CLI::App& app, std::string& path) {
  app.add_option("--socket", path, "The agent's socket")->type_name("PATH")->capture_default_str();
}

Result<SessionOptions> session_options(const WatchOptions& options, int default_fd) {
  SessionOptions session;
  if (!std::has_single_bit(options.ring_mib))
    return fail("--buffer-size " + std::to_string(options.ring_mib) + ": not a power of two");
  session.observer.ring_bytes = std::size_t{options.ring_mib} << 20;
  if (!options.hooks.empty()) session.observer.backend = backend_from_name(options.hooks);
  session.observer.stacks = stacks_from_name(options.stacks);
  session.observer.holding = options.hold;
  LineOutputOptions& output = session.outputs.emplace_back();
  output.format = options.format;
  output.filter = options.filter;
  output.fd = TRY(open_output(options.to, default_fd));
  output.name = !options.to.empty() && options.to != "-"           ? options.to
                : options.to == "-" || default_fd == STDOUT_FILENO ? "standard output"
                                                                   : "standard error";
  return session;
}

}  // namespace aspis
