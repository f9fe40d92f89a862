// SPDX-License-Identifier: Apache-2.0
// Many tails of one agent: usage: aspis_bench_tails [EVENTS_PER_SECOND [SECONDS [TAILS [STOPPED]]]]
//
// The agent's socket with made-up events at a steady rate, and a process for each tail; some of
// them never read. Says what the others have lost, and what serving them costs. Exit code 1: they
// have lost something, or the rate was not kept.
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "agent/control/client.h"
#include "agent/control/server.h"
#include "agent/output/sample.h"

namespace aspis {
namespace {

struct Count {
  std::uint64_t events = 0, lost = 0;
};

/// Counts lines without parsing each: gaps are few.
Count read_all(Client& client) {
  Count count;
  std::string lines;
  while (client.read(lines).value_or(false)) {
    std::size_t at = 0;
    for (std::size_t end = 0; (end = lines.find('\n', at)) != std::string::npos; at = end + 1) {
      const std::string_view line = std::string_view(lines).substr(at, end - at);
      constexpr std::string_view kLost = "\"output\":";
      if (line.find("\"type\":\"aspis.gap\"") == std::string_view::npos)
        ++count.events;
      else
        count.lost += std::strtoull(line.data() + line.find(kLost) + kLost.size(), nullptr, 10);
    }
    lines.erase(0, at);
  }
  return count;
}

struct Tail {
  pid_t pid = 0;
  Fd result;
};

Tail start_tail(const std::string& path, bool stopped) {
  int ends[2];
  if (::pipe(ends) != 0) std::exit(2);
  const pid_t pid = ::fork();
  if (pid != 0) {
    ::close(ends[1]);
    return {pid, Fd(ends[0])};
  }
  auto client = Client::connect(path);
  if (!client || !client->ask({{"request", "tail"}, {"format", "json"}})) std::_Exit(2);
  if (stopped) ::pause();
  const Count count = read_all(*client);
  std::_Exit(::write(ends[1], &count, sizeof(count)) == sizeof(count) ? 0 : 2);
}

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

int bench(std::uint64_t rate, std::uint64_t seconds, std::size_t tails, std::size_t stopped) {
  using Clock = std::chrono::steady_clock;
  char directory[] = "/tmp/aspis-tails-XXXXXX";
  if (::mkdtemp(directory) == nullptr) return 2;
  auto loop = EventLoop::create();
  ServerOptions options;
  options.path = std::string(directory) + "/socket";
  auto server = Server::create(*loop, options);
  if (!server) return 2;
  std::vector<Tail> readers;
  for (std::size_t i = 0; i < tails; ++i) readers.push_back(start_tail(options.path, i < stopped));
  while ((*server)->tails() < tails)
    if (!loop->wait(std::chrono::milliseconds(10))) return 2;

  const sample::Sample event("", sample::file_event(ASPIS_FILE_OPEN, "/etc/ld.so.cache"));
  const auto start = Clock::now();
  const double cpu = cpu_seconds();
  const std::uint64_t total = rate * seconds;
  std::uint64_t emitted = 0;
  while (emitted < total) {
    const auto passed = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - start);
    const auto due = static_cast<std::uint64_t>(passed.count()) * rate / 1'000'000;
    for (; emitted < due && emitted < total; ++emitted)
      if ((*server)->wants(event.record)) (*server)->emit(event.record);
    if (!loop->wait(std::chrono::milliseconds(1))) return 2;
  }
  const std::chrono::duration<double> took = Clock::now() - start;
  const double used = cpu_seconds() - cpu;
  // What is in the sockets' buffers is the readers'; what is not yet, they get now.
  for (int i = 0; i < 200; ++i)
    if (!loop->wait(std::chrono::milliseconds(5))) return 2;
  const bool closed = (*server)->close({}, 0, std::chrono::seconds(1)).has_value();
  std::uint64_t lost = 0, least = total;
  for (std::size_t i = 0; i < readers.size(); ++i) {
    Count count;
    if (i < stopped)
      ::kill(readers[i].pid, SIGKILL);
    else if (::read(readers[i].result.get(), &count, sizeof(count)) != sizeof(count))
      return 2;
    ::waitpid(readers[i].pid, nullptr, 0);
    if (i < stopped) continue;
    lost += count.lost;
    least = std::min(least, count.events);
  }
  ::rmdir(directory);
  std::printf(
      "%llu events in %.2f s, %zu tails, %zu of them stopped: the others got %llu each at "
      "least, and lost %llu; the agent's side took %.0f %% of a processor\n",
      static_cast<unsigned long long>(total), took.count(), tails, stopped,
      static_cast<unsigned long long>(least), static_cast<unsigned long long>(lost),
      used / took.count() * 100);
  const bool kept = took.count() < static_cast<double>(seconds) * 1.02;
  if (!kept) std::printf("the rate was not kept\n");
  return closed && kept && lost == 0 && least == total ? 0 : 1;
}

}  // namespace
}  // namespace aspis

int main(int argc, char** argv) {
  const auto number = [&](int index, std::uint64_t otherwise) {
    return argc > index ? std::strtoull(argv[index], nullptr, 10) : otherwise;
  };
  return aspis::bench(number(1, 20'000), number(2, 10), number(3, 100), number(4, 10));
}
