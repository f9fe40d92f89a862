// SPDX-License-Identifier: Apache-2.0
// Opens and closes one file as fast as possible, or at a rate, and prints exactly how often it did.
//
//   flood [--threads T] [--seconds S | --opens N] [--rate R] FILE
//
// Exactly N opens in total with --opens, R a second in total with --rate. FILE must exist. The
// JSON object on standard output says how many opens of it were done, and the processor time of
// all.
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <thread>
#include <vector>

namespace {

struct Options {
  int threads = 2;
  double seconds = 5;
  long opens = 0;  // 0: as many as fit into `seconds`
  long rate = 0;   // 0: as fast as possible
  const char* file = nullptr;
};

double now() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

double processor_time() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

void open_close(const char* file) {
  const int fd = ::open(file, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    std::perror(file);
    std::exit(1);
  }
  ::close(fd);
}

/// Opens of one thread, at most `share` of them if that is not 0.
long flood(const Options& options, long share, double start) {
  constexpr int kBatch = 64;
  const double rate = static_cast<double>(options.rate) / options.threads;
  long done = 0;
  while (options.opens != 0 ? done < share : now() - start < options.seconds) {
    for (int i = 0; i < kBatch && (options.opens == 0 || done < share); i++, done++)
      open_close(options.file);
    if (const double early = static_cast<double>(done) / rate - (now() - start);
        options.rate != 0 && early > 0)
      ::usleep(static_cast<useconds_t>(early * 1e6));
  }
  return done;
}

bool parse(int argc, char** argv, Options& options) {
  for (int i = 1; i < argc; i++) {
    const char* value = i + 1 < argc ? argv[i + 1] : "";
    if (argv[i][0] != '-' && options.file == nullptr) {
      options.file = argv[i];
      continue;
    }
    if (std::strcmp(argv[i], "--threads") == 0)
      options.threads = std::atoi(value);
    else if (std::strcmp(argv[i], "--seconds") == 0)
      options.seconds = std::atof(value);
    else if (std::strcmp(argv[i], "--opens") == 0)
      options.opens = std::atol(value);
    else if (std::strcmp(argv[i], "--rate") == 0)
      options.rate = std::atol(value);
    else
      return false;
    i++;
  }
  return options.file != nullptr && options.threads > 0 && options.seconds > 0 &&
         options.opens >= 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!parse(argc, argv, options)) {
    std::fputs("usage: flood [--threads T] [--seconds S | --opens N] [--rate R] FILE\n", stderr);
    return 2;
  }
  std::atomic<long> opens{0};
  std::vector<std::thread> threads;
  const double start = now();
  for (int i = 0; i < options.threads; i++) {
    const long share =
        options.opens / options.threads + (i < options.opens % options.threads ? 1 : 0);
    threads.emplace_back(
        [&options, &opens, share, start] { opens += flood(options, share, start); });
  }
  for (std::thread& thread : threads) thread.join();
  const double took = now() - start;
  std::printf("{\"opens\":%ld,\"seconds\":%.3f,\"rate\":%.0f,\"cpu\":%.3f}\n", opens.load(), took,
              static_cast<double>(opens.load()) / took, processor_time());
}
