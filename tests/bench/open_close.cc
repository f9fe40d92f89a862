// SPDX-License-Identifier: Apache-2.0
// What one open+close costs: batches of it, timed. In a guest run with --icount a nanosecond is one
// instruction.
//
//   open_close [--batches N] [--stop PID]       PID may be "parent"
//
// --stop: the agent must not run during a batch on the only processor. It is sent SIGSTOP before
// each batch and SIGCONT after it, then has time to read what the batch put into the ring.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <vector>

namespace {

constexpr char kPath[] = "/srv/aspis/bench/open/c.txt";  // 27 bytes, 5 components
static_assert(sizeof(kPath) - 1 == 27);
constexpr int kBatch = 50;

[[noreturn]] void die(const char* what) {
  std::perror(what);
  std::exit(1);
}

long now_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000L + now.tv_nsec;
}

void sleep_ms(long ms) {
  const timespec time{0, ms * 1'000'000};
  ::nanosleep(&time, nullptr);
}

void make_file() {
  const std::string path = kPath;
  for (std::size_t end = path.find('/', 1); end != std::string::npos; end = path.find('/', end + 1))
    if (::mkdir(path.substr(0, end).c_str(), 0755) != 0 && errno != EEXIST) die("mkdir");
  const int fd = ::open(kPath, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
  if (fd < 0) die(kPath);
  ::close(fd);
}

char state_of(pid_t pid) {
  char line[256] = {};
  const int fd = ::open(("/proc/" + std::to_string(pid) + "/stat").c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 || ::read(fd, line, sizeof(line) - 1) <= 0) die("--stop: no such process");
  ::close(fd);
  const char* name_end = std::strrchr(line, ')');
  return name_end != nullptr ? name_end[2] : '?';
}

void stop(pid_t pid) {
  if (::kill(pid, SIGSTOP) != 0) die("kill");
  while (state_of(pid) != 'T') sleep_ms(1);
  sleep_ms(5);  // its other threads, too
}

void resume(pid_t pid) {
  ::kill(pid, SIGCONT);
  sleep_ms(20);
}

long batch_ns() {
  const long start = now_ns();
  for (int i = 0; i < kBatch; i++) {
    const int fd = ::open(kPath, O_RDONLY | O_CLOEXEC);
    if (fd < 0) die(kPath);
    ::close(fd);
  }
  return (now_ns() - start) / kBatch;
}

}  // namespace

int main(int argc, char** argv) {
  int batches = 400;
  pid_t agent = 0;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--batches") == 0) batches = std::max(1, std::atoi(argv[i + 1]));
    if (std::strcmp(argv[i], "--stop") == 0)
      agent = std::strcmp(argv[i + 1], "parent") == 0 ? ::getppid() : std::atoi(argv[i + 1]);
  }
  make_file();
  std::vector<long> took;
  for (int i = 0; i < batches; i++) {
    if (agent != 0) stop(agent);
    took.push_back(batch_ns());
    if (agent != 0) resume(agent);
  }
  std::sort(took.begin(), took.end());
  std::printf("min %ld median %ld max %ld ns per open+close, %d batches of %d\n", took.front(),
              took[took.size() / 2], took.back(), batches, kBatch);
}
