// SPDX-License-Identifier: Apache-2.0
// aspis interpreters: every CPython that processes run now, and how its audit events can be seen.
#include <dirent.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "agent/cli/commands.h"
#include "agent/cli/exit_code.h"
#include "agent/kernel/seen_events.h"
#include "agent/watch/describe.h"
#include "base/log.h"
#include "probes/cpython/find.h"

namespace aspis {
namespace {

struct Options {
  std::vector<pid_t> pids;
  bool json = false;
};

/// One interpreter, and who runs it.
struct Row {
  cpython::Interpreter interpreter;
  std::vector<pid_t> pids;
  std::set<std::string> namespaces;  ///< of mounts: "host", or their number
  std::uint64_t since = 0;           ///< ns, CLOCK_BOOTTIME, of the oldest process; 0: none
};

std::string mount_namespace(const std::string& pid) {
  char text[64];
  const ssize_t length = ::readlink(("/proc/" + pid + "/ns/mnt").c_str(), text, sizeof(text) - 1);
  return length < 0 ? "?" : std::string(text, static_cast<std::size_t>(length));
}

/// Clock ticks since boot at which the process began (proc_pid_stat(5), field 22).
std::uint64_t started(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  std::getline(file, line);
  const std::size_t end = line.rfind(')');
  if (end == std::string::npos) return 0;
  std::istringstream words(line.substr(end + 1));
  std::string word;
  for (int field = 3; field <= 22 && words >> word; ++field) {
  }
  return std::strtoull(word.c_str(), nullptr, 10);
}

std::vector<pid_t> all_processes() {
  std::vector<pid_t> pids;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir("/proc"), ::closedir);
  if (!directory) return pids;
  while (const dirent* entry = ::readdir(directory.get())) {
    pid_t pid = 0;
    const std::string_view name = entry->d_name;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error == std::errc() && end == name.data() + name.size()) pids.push_back(pid);
  }
  return pids;
}

class Table {
 public:
  void add(const cpython::Interpreter& interpreter) { (void)row_of(interpreter); }

  /// False if the process cannot be looked at.
  Result<> add_process(pid_t pid) {
    const std::string name = mount_namespace(std::to_string(pid));
    for (const auto& interpreter : TRY(cpython::inspect_process(pid, &seen_))) {
      Row& row = row_of(interpreter);
      row.pids.push_back(pid);
      row.namespaces.insert(name == own_ ? "host" : name);
      const std::uint64_t since = started(pid);
      row.since = row.since == 0 ? since : std::min(row.since, since);
    }
    return {};
  }

  [[nodiscard]] std::vector<const Row*> rows() const {
    std::vector<const Row*> list;
    for (const auto& [file, row] : rows_) list.push_back(&row);
    std::sort(list.begin(), list.end(), [](const Row* one, const Row* other) {
      return std::pair(other->pids.size(), one->interpreter.shown) <
             std::pair(one->pids.size(), other->interpreter.shown);
    });
    return list;
  }

  /// Of the interpreter's audit events; nothing where nobody observes it.
  [[nodiscard]] std::optional<std::uint64_t> events(const Row& row) const {
    const auto found = events_.find({row.interpreter.device, row.interpreter.inode});
    return found == events_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint64_t> events_ = seen_events();

  Row& row_of(const cpython::Interpreter& interpreter) {
    Row& row = rows_[{interpreter.device, interpreter.inode}];
    if (row.interpreter.path.empty()) row.interpreter = interpreter;
    return row;
  }

  std::string own_ = mount_namespace("self");
  cpython::MappedFiles seen_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, Row> rows_;
};

/// Seconds since the epoch; of clock ticks since boot.
std::int64_t wall_seconds(std::uint64_t ticks) {
  timespec wall{}, boot{};
  ::clock_gettime(CLOCK_REALTIME, &wall);
  ::clock_gettime(CLOCK_BOOTTIME, &boot);
  return wall.tv_sec - boot.tv_sec +
         static_cast<std::int64_t>(ticks / static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK)));
}

std::string time_text(std::int64_t seconds) {
  const std::time_t time = seconds;
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  char text[32];
  std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

void print_json(const Table& table) {
  for (const Row* row : table.rows()) {
    const InterpreterNotice one = describe(row->interpreter);
    nlohmann::ordered_json line = {{"path", one.path},
                                   {"version", one.version},
                                   {"build_id", one.build_id},
                                   {"namespaces", row->namespaces},
                                   {"processes", row->pids},
                                   {"probe", one.probe},
                                   {"offsets", offsets_name(one.offsets)},
                                   {"missed", one.missed}};
    if (const auto events = table.events(*row)) line["events"] = *events;
    if (row->since != 0) line["since"] = time_text(wall_seconds(row->since));
    // names are bytes: what is not UTF-8 is replaced
    fmt::print("{}\n", line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  }
}

void print_table(const Table& table) {
  const auto rows = table.rows();
  if (rows.empty()) {
    fmt::print("no process runs CPython 3.8 or later, and none is installed at a standard place\n");
    return;
  }
  fmt::print("{:<9}  {:<5}  {:<8}  {:>5}  {:>8}  {:<20}  {:<10}  {}\n", "VERSION", "PROBE",
             "OFFSETS", "PROCS", "EVENTS", "SINCE", "BUILD ID", "PATH");
  for (const Row* row : rows) {
    const InterpreterNotice one = describe(row->interpreter);
    std::string where = one.path;
    for (const std::string& name : row->namespaces)
      if (name != "host") where += "  in " + name;
    const auto events = table.events(*row);
    fmt::print("{:<9}  {:<5}  {:<8}  {:>5}  {:>8}  {:<20}  {:<10}  {}\n", one.version, one.probe,
               offsets_name(one.offsets), row->pids.size(), events ? std::to_string(*events) : "-",
               row->since == 0 ? "-" : time_text(wall_seconds(row->since)),
               one.build_id.empty() ? "-" : one.build_id.substr(0, 10), where);
    for (const std::string& missed : one.missed) fmt::print("           missed: {}\n", missed);
  }
}

int interpreters(const Options& options) {
  Table table;
  for (const pid_t pid : options.pids) {
    if (const auto added = table.add_process(pid); !added) {
      log::error("{}", added.error().text());
      return kExitFailed;
    }
  }
  if (options.pids.empty()) {
    for (const auto& candidate : cpython::candidates()) table.add(candidate);
    std::size_t unread = 0;
    for (const pid_t pid : all_processes())
      if (!table.add_process(pid) && ::kill(pid, 0) == -1 && errno == EPERM) ++unread;
    if (unread != 0)
      log::warn("{} processes of other users could not be looked at: run it as root", unread);
  }
  options.json ? print_json(table) : print_table(table);
  return kExitOk;
}

}  // namespace

void add_interpreters(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "interpreters",
      "Show every CPython that processes run, or that is installed at a standard "
      "place, how its audit events can be seen, and what is missed");
  command->add_option("-p,--pid", options->pids, "Only what this process runs; may be repeated")
      ->check(CLI::Range(1, 4 * 1024 * 1024))
      ->allow_extra_args(false)
      ->type_name("PID");
  command->add_flag("--json", options->json, "One JSON object a line");
  command->callback([options, &exit_code] { exit_code = interpreters(*options); });
}

}  // namespace aspis
