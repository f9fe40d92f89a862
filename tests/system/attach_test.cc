// SPDX-License-Identifier: Apache-2.0
// Probes come and go under an interpreter that never stops: it does not notice, and nothing stays
// behind. ASPIS_ATTACHES: how often; a thousand times take some three minutes, as the kernel waits
// for all CPUs each time that a probe goes.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <numeric>
#include <sstream>

#include "agent/kernel/observer.h"
#include "agent/kernel/pidfd.h"
#include "probes/cpython/find.h"
#include "probes/cpython/layouts.h"
#include "probes/elf/mappings.h"
#include "tests/system/aspis_run.h"
#include "tests/unit/probes/pythons.h"

namespace aspis::test {
namespace {

// Two threads that raise events, and children that do so after fork; the sums are as they would be
// if nobody looked.
constexpr const char* kBusy = R"(
import os, signal, sys, threading
stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
results = [None, None]
def work(which):
    rounds = total = 0
    while not stop.is_set():
        sys.audit('busy.round', which, rounds, 'text')
        with open('/proc/self/stat') as file: total += len(file.read()) > 0
        rounds += 1
        if rounds % 500 == 0:
            pid = os.fork()
            if pid == 0:
                for n in range(10): sys.audit('busy.child', n)
                os._exit(7)
            total += os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
    results[which] = (rounds, total)
other = threading.Thread(target=work, args=(1,)); other.start()
print('ready', flush=True)
work(0); other.join()
assert all(total == rounds + rounds // 500 and rounds > 0 for rounds, total in results), results
print(sum(rounds for rounds, _ in results), flush=True)
)";

class Busy {
 public:
  explicit Busy(const std::string& python) {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(ends[1], STDOUT_FILENO);
      ::execl(python.c_str(), "python3", "-IS", "-c", kBusy, nullptr);
      ::_exit(127);
    }
    ::close(ends[1]);
    output_ = ::fdopen(ends[0], "r");
  }
  ~Busy() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    std::fclose(output_);
  }
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  std::string line() {
    char text[256] = {};
    return std::fgets(text, sizeof(text), output_) == nullptr ? "" : text;
  }
  /// Wait status.
  int end() {
    int status = -1;
    ::kill(pid_, SIGTERM);
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    return status;
  }

 private:
  pid_t pid_ = -1;
  FILE* output_ = nullptr;
};

/// The interpreter that the process has in its memory.
cpython::Interpreter interpreter_of(pid_t pid) {
  const auto list = cpython::inspect_process(pid);
  EXPECT_TRUE(list && list->size() == 1);
  return list && !list->empty() ? list->front() : cpython::Interpreter();
}

std::vector<Probes::Site> sites_of(const cpython::Interpreter& interpreter) {
  std::vector<Probes::Site> sites;
  for (const cpython::Site& site : interpreter.sites.sites) {
    sites.push_back({site.row, site.offset, site.semaphore});
    sites.back().row.layout = static_cast<__u8>(interpreter.layout);
  }
  return sites;
}

/// Bytes of the process's memory at its sites, and its semaphores, by a reader of its own.
class Memory {
 public:
  Memory(pid_t pid, const cpython::Interpreter& interpreter)
      : memory_(::open(("/proc/" + std::to_string(pid) + "/mem").c_str(), O_RDONLY | O_CLOEXEC)) {
    const auto mappings = elf::mappings_of(pid).value();
    for (const elf::Mapping& one : mappings) {
      if (one.path != interpreter.shown) continue;
      for (const cpython::Site& site : interpreter.sites.sites) {
        for (const std::uint64_t at : elf::addresses_of(mappings, one, site.offset, 'x'))
          sites_.push_back(at);
        if (site.semaphore == 0) continue;
        for (const std::uint64_t at : elf::addresses_of(mappings, one, site.semaphore, 'w'))
          semaphores_.push_back(at);
      }
      return;
    }
  }
  ~Memory() { ::close(memory_); }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  [[nodiscard]] std::size_t semaphores() const { return semaphores_.size(); }
  [[nodiscard]] std::string sites() const { return read(sites_, 1); }
  /// Their sum.
  [[nodiscard]] int counted() const {
    const std::string bytes = read(semaphores_, 2);
    return std::accumulate(bytes.begin(), bytes.end(), 0);
  }

 private:
  [[nodiscard]] std::string read(const std::vector<std::uint64_t>& places, std::size_t size) const {
    std::string bytes;
    for (const std::uint64_t at : places) {
      std::string piece(size, '\0');
      EXPECT_EQ(::pread(memory_, piece.data(), size, static_cast<off_t>(at)),
                static_cast<ssize_t>(size));
      bytes += piece;
    }
    return bytes;
  }

  int memory_;
  std::vector<std::uint64_t> sites_, semaphores_;
};

/// What this process holds: descriptors, and resident kilobytes.
std::pair<long, long> held() {
  long descriptors = 0;
  for (const auto& one : std::filesystem::directory_iterator("/proc/self/fd"))
    descriptors += one.exists() || true;
  long size = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> size >> resident;
  return {descriptors, resident * ::sysconf(_SC_PAGESIZE) / 1024};
}

std::string contents(const char* name) {
  std::ostringstream text;
  text << std::ifstream(name).rdbuf();
  return text.str();
}

long wanted(long natively, long in_guests) {
  if (const char* asked = std::getenv("ASPIS_ATTACHES")) return std::atol(asked);
  return std::getenv("ASPIS_VM_BACKEND") == nullptr ? natively : in_guests;
}

ObserverOptions options() {
  ObserverOptions options;
  options.backend = Backend::kTracepoint;
  options.layouts = cpython::layouts();
  return options;
}

/// A file of our own: probes are on a file for the whole machine, and others may observe, too.
class Copy {
 public:
  Copy() { std::filesystem::copy_file(system_python(), path()); }
  [[nodiscard]] std::string path() const { return directory_.path("python3"); }

 private:
  TemporaryDirectory directory_;
};

void come_and_go(const std::string& python, long rounds) {
  Busy busy(python);
  ASSERT_EQ(busy.line(), "ready\n");
  const auto interpreter = interpreter_of(busy.pid());
  const auto sites = sites_of(interpreter);
  ASSERT_FALSE(sites.empty());
  const Memory memory(busy.pid(), interpreter);
  const std::string before = memory.sites();
  ASSERT_EQ(before.size(), sites.size());
  ASSERT_EQ(memory.counted(), 0);
  const std::string tracefs = contents("/sys/kernel/tracing/uprobe_events");

  std::uint64_t events = 0;
  auto observer = Observer::create(options(), [&](auto) { ++events; });
  ASSERT_TRUE(observer) << observer.error().text();
  const auto pidfd = open_pidfd(busy.pid());
  ASSERT_TRUE(pidfd && (*observer)->track_process(pidfd->get(), false));
  ASSERT_TRUE((*observer)->find_tasks());
  constexpr long kWarmUp = 20;
  std::pair<long, long> first;
  for (long round = 0; round < rounds; ++round) {
    if (round == std::min(kWarmUp, rounds - 1)) first = held();
    const auto rows = (*observer)->probes().attach(interpreter.path,
                                                   {interpreter.device, interpreter.inode}, sites);
    ASSERT_TRUE(rows) << rows.error().text();
    ASSERT_EQ(memory.sites(), std::string(sites.size(), '\xcc')) << round;
    ASSERT_EQ(memory.counted(), static_cast<int>(memory.semaphores())) << round;
    (void)(*observer)->consume();
    (*observer)->probes().detach(*rows);
    ASSERT_EQ(memory.sites(), before) << round;
    ASSERT_EQ(memory.counted(), 0) << round;
  }
  const auto last = held();
  EXPECT_EQ(last.first, first.first);
  EXPECT_LT(last.second, first.second + 4096);
  EXPECT_GT(events, static_cast<std::uint64_t>(rounds));
  EXPECT_EQ(busy.end(), 0);
  EXPECT_GT(std::atol(busy.line().c_str()), 0);
  EXPECT_EQ(contents("/sys/kernel/tracing/uprobe_events"), tracefs);
}

TEST(Attach, AgainAndAgainUnderABusyInterpreter) {
  if (system_python().empty()) GTEST_SKIP() << "/usr/bin/python3 is not installed";
  come_and_go(Copy().path(), wanted(300, 4));
}

// Without USDT, breakpoints are on calls.
TEST(Attach, UnderABusyInterpreterWithoutUsdt) {
  for (const std::string& python : aspis::testing::pyenv_pythons())
    if (python.find("/versions/3.12.") != std::string::npos)
      return come_and_go(python, wanted(30, 5));
  GTEST_SKIP() << "no upstream build of CPython 3.12 here";
}

// The whole of what Aspis puts into the kernel.
TEST(Attach, ObserversComeAndGo) {
  if (system_python().empty()) GTEST_SKIP() << "/usr/bin/python3 is not installed";
  const Copy python;
  Busy busy(python.path());
  ASSERT_EQ(busy.line(), "ready\n");
  const auto interpreter = interpreter_of(busy.pid());
  const Memory memory(busy.pid(), interpreter);
  const std::string before = memory.sites();
  std::pair<long, long> first;
  for (long round = 0; round < wanted(8, 2); ++round) {
    std::uint64_t events = 0;
    {
      auto observer = Observer::create(options(), [&](auto) { ++events; });
      ASSERT_TRUE(observer) << observer.error().text();
      const auto pidfd = open_pidfd(busy.pid());
      ASSERT_TRUE(pidfd && (*observer)->track_process(pidfd->get(), false));
      ASSERT_TRUE((*observer)->find_tasks());
      ASSERT_TRUE((*observer)->probes().attach(
          interpreter.path, {interpreter.device, interpreter.inode}, sites_of(interpreter)));
      ::usleep(50'000);
      (void)(*observer)->consume();
    }
    EXPECT_GT(events, 0U);
    ASSERT_EQ(memory.sites(), before) << round;
    ASSERT_EQ(memory.counted(), 0) << round;
    if (round == 1) first = held();
  }
  const auto last = held();
  EXPECT_EQ(last.first, first.first);
  EXPECT_LT(last.second, first.second + 8192);
  EXPECT_EQ(busy.end(), 0);
  EXPECT_GT(std::atol(busy.line().c_str()), 0);
}

}  // namespace
}  // namespace aspis::test
