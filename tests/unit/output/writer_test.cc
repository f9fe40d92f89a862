// SPDX-License-Identifier: Apache-2.0
#include "agent/output/writer.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "agent/output/file_target.h"
#include "agent/output/write_target.h"

namespace aspis {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

Writer::Clock::time_point in(std::chrono::milliseconds time) {
  return Writer::Clock::now() + time;
}

struct Pipe {
  Pipe() {
    int ends[2];
    if (::pipe(ends) == 0) reader = Fd(ends[0]), writer = Fd(ends[1]);
  }
  Fd reader, writer;
};

std::string read_all(int fd) {
  std::string out;
  char buffer[65536];
  for (ssize_t n; (n = ::read(fd, buffer, sizeof(buffer))) > 0;)
    out.append(buffer, static_cast<std::size_t>(n));
  return out;
}

std::string numbered(unsigned i) {
  return "line " + std::to_string(i) + std::string(90, '.') + "\n";
}

std::unique_ptr<Writer> writer_to(Fd fd, std::size_t capacity = std::size_t{8} << 20) {
  auto writer = Writer::create(std::move(fd), {capacity, 5ms});
  EXPECT_TRUE(writer.has_value());
  return std::move(*writer);
}

class TemporaryFile {
 public:
  TemporaryFile() : fd_(::mkstemp(path_)) {}
  ~TemporaryFile() { ::unlink(path_); }
  Fd take() { return std::move(fd_); }
  std::string text() const {
    std::ifstream file(path_);
    return (std::ostringstream() << file.rdbuf()).str();
  }

 private:
  char path_[32] = "/tmp/aspis_writer_XXXXXX";
  Fd fd_;
};

TEST(Writer, LinesArriveInOrder) {
  TemporaryFile file;
  auto writer = writer_to(file.take());
  std::string expected;
  for (unsigned i = 0; i < 5000; ++i) {
    ASSERT_TRUE(writer->push(numbered(i)));
    expected += numbered(i);
  }
  ASSERT_TRUE(writer->close(in(5s)).has_value());
  EXPECT_EQ(file.text(), expected);
  EXPECT_EQ(writer->stats().written, 5000U);
  EXPECT_EQ(writer->stats().written_bytes, expected.size());
  EXPECT_EQ(writer->stats().lost, 0U);
  EXPECT_FALSE(writer->push("late\n"));
}

TEST(Writer, FullDiskIsReportedWithCounts) {
  auto writer = writer_to(Fd(::open("/dev/full", O_WRONLY)));
  for (unsigned i = 0; i < 100; ++i) EXPECT_TRUE(writer->push(numbered(i)));
  const Result<> closed = writer->close(in(300ms));
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().code, ENOSPC);
  EXPECT_THAT(closed.error().text(), HasSubstr("100 of 100 lines not written"));
  EXPECT_EQ(writer->stats().lost, 100U);
  EXPECT_EQ(writer->stats().written, 0U);
}

TEST(Writer, FullDiskFillsTheQueueAndNothingBlocks) {
  auto writer = writer_to(Fd(::open("/dev/full", O_WRONLY)), 1000);
  unsigned accepted = 0;
  for (unsigned i = 0; i < 100; ++i) accepted += writer->push(std::string(99, 'x') + "\n");
  EXPECT_EQ(accepted, 10U);
  EXPECT_FALSE(writer->close(in(100ms)).has_value());
  EXPECT_EQ(writer->stats().lost, 10U);
}

TEST(Writer, ClosedPipeIsFinal) {
  Pipe pipe;
  pipe.reader.reset();
  auto writer = writer_to(std::move(pipe.writer));
  ASSERT_TRUE(writer->push("one\ntwo\n"));
  for (int i = 0; i < 1000 && !writer->error(); ++i) ::usleep(1000);
  ASSERT_TRUE(writer->error().has_value());
  EXPECT_EQ(writer->error()->code, EPIPE);
  for (int i = 0; i < 1000 && writer->push("more\n"); ++i) ::usleep(1000);
  EXPECT_FALSE(writer->push("more\n"));
  const Result<> closed = writer->close(in(1s));
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().code, EPIPE);
}

/// Of a reader that goes away in the middle, it got the lines that count as written and no whole
/// line more.
TEST(Writer, ReaderThatGoesAway) {
  Pipe pipe;
  auto writer = writer_to(std::move(pipe.writer));
  unsigned accepted = 0;
  for (unsigned i = 0; i < 3000; ++i) accepted += writer->push(numbered(i));
  ::usleep(50'000);  // the pipe is full now
  char byte;
  ASSERT_EQ(::read(pipe.reader.get(), &byte, 1), 1);
  pipe.reader.reset();
  EXPECT_FALSE(writer->close(in(1s)).has_value());
  EXPECT_EQ(accepted, 3000U);
  EXPECT_EQ(writer->stats().written + writer->stats().lost, accepted);
  EXPECT_GT(writer->stats().written, 100U);
  EXPECT_GT(writer->stats().lost, 100U);
}

TEST(Writer, SlowReaderLosesExactlyWhatPushRefused) {
  Pipe pipe;
  auto writer = writer_to(std::move(pipe.writer), 64 << 10);
  unsigned accepted = 0;
  const auto start = Writer::Clock::now();
  for (unsigned i = 0; i < 20000; ++i) accepted += writer->push(numbered(i));
  EXPECT_LT(Writer::Clock::now() - start, 2s);  // never waited for the reader
  EXPECT_LT(accepted, 20000U);
  std::string got;
  std::thread reader([&] { got = read_all(pipe.reader.get()); });
  EXPECT_TRUE(writer->close(in(5s)).has_value());
  writer.reset();
  reader.join();
  EXPECT_EQ(std::ranges::count(got, '\n'), accepted);
  EXPECT_TRUE(got.ends_with('\n'));
}

TEST(Writer, CloseGivesUpAtItsDeadline) {
  Pipe pipe;
  auto writer = writer_to(std::move(pipe.writer));
  for (unsigned i = 0; i < 3000; ++i) ASSERT_TRUE(writer->push(numbered(i)));
  const auto start = Writer::Clock::now();
  const Result<> closed = writer->close(in(200ms));
  EXPECT_LT(Writer::Clock::now() - start, 2s);
  ASSERT_FALSE(closed);
  EXPECT_THAT(closed.error().text(), HasSubstr("too slow"));
  const OutputStats stats = writer->stats();
  EXPECT_EQ(stats.written + stats.lost, 3000U);
  writer.reset();
  const std::string got = read_all(pipe.reader.get());
  EXPECT_EQ(static_cast<std::uint64_t>(std::ranges::count(got, '\n')), stats.written);
  EXPECT_EQ(got.size(), stats.written_bytes);
}

TEST(Writer, StatusFlagsOfASharedDescriptorStay) {
  Pipe pipe;
  Fd shared(::dup(pipe.writer.get()));
  auto writer = writer_to(std::move(pipe.writer));
  ASSERT_TRUE(writer->push("x\n"));
  EXPECT_TRUE(writer->close(in(1s)).has_value());
  EXPECT_EQ(::fcntl(shared.get(), F_GETFL) & O_NONBLOCK, 0);
}

TEST(Writer, Sockets) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  Fd reader(ends[0]);
  auto writer = writer_to(Fd(ends[1]));
  std::string expected;
  for (unsigned i = 0; i < 20000; ++i) {
    ASSERT_TRUE(writer->push(numbered(i)));
    expected += numbered(i);
  }
  std::string got;
  std::thread thread([&] { got = read_all(reader.get()); });
  EXPECT_TRUE(writer->close(in(5s)).has_value());
  writer.reset();
  thread.join();
  EXPECT_EQ(got, expected);
}

TEST(Writer, PushUntilWaitsForRoom) {
  Pipe pipe;
  auto writer = writer_to(std::move(pipe.writer), 1000);
  const std::string line = std::string(499, 'x') + "\n";
  while (writer->push(line) || (::usleep(50'000) == 0 && writer->push(line))) {
  }  // until the pipe and the queue are full
  EXPECT_FALSE(writer->push_until(std::string(900, 'y') + "\n", in(50ms)));
  std::string got;
  std::thread reader([&] { got = read_all(pipe.reader.get()); });
  EXPECT_TRUE(writer->push_until(std::string(900, 'y') + "\n", in(5s)));
  EXPECT_TRUE(writer->close(in(5s)).has_value());
  writer.reset();
  reader.join();
  EXPECT_TRUE(got.ends_with("yyy\n"));
}

TEST(Writer, BadDescriptor) {
  EXPECT_FALSE(Writer::create(Fd()).has_value());
}

/// Goal: 300 000 lines of 500 bytes a second to memory. The bound here is loose, for busy machines.
TEST(Writer, Speed) {
  Fd memory(::memfd_create("speed", 0));
  auto writer = writer_to(std::move(memory), std::size_t{8} << 20);
  const std::string line = std::string(499, 'x') + "\n";
  constexpr unsigned kLines = 400'000;
  const auto start = Writer::Clock::now();
  for (unsigned i = 0; i < kLines; ++i) {
    while (!writer->push(line)) ::usleep(100);
  }
  ASSERT_TRUE(writer->close(in(60s)).has_value());
  const std::chrono::duration<double> took = Writer::Clock::now() - start;
  RecordProperty("lines_per_second", static_cast<int>(kLines / took.count()));
  EXPECT_GT(kLines / took.count(), 30'000);
}

TEST(FileTarget, FollowsItsName) {
  const std::string directory = testing::TempDir() + "aspis-file-target";
  const std::string path = directory + "/logs/events";
  std::filesystem::remove_all(directory);
  auto opened = append_to_file(path);
  ASSERT_TRUE(opened.has_value()) << opened.error().text();
  WriteTarget& target = **opened;
  const auto text = [](const std::string& file) {
    return (std::ostringstream() << std::ifstream(file).rdbuf()).str();
  };
  const auto write = [&target](std::string_view bytes) {
    EXPECT_EQ(target.write_some(bytes, 0ms).written, bytes.size());
  };
  write("one\nhalf ");
  std::filesystem::rename(path, path + ".1");
  std::this_thread::sleep_for(1100ms);
  write("of two\n");
  write("three\n");
  EXPECT_EQ(text(path + ".1"), "one\nhalf of two\n") << "a line is not torn";
  EXPECT_EQ(text(path), "three\n");
  std::filesystem::remove_all(directory + "/logs");
  std::this_thread::sleep_for(1100ms);
  write("four\n");
  EXPECT_EQ(text(path), "four\n");
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  std::filesystem::remove_all(directory);
  EXPECT_EQ(append_to_file("/proc/nowhere/events").error().code, ENOENT);
}

TEST(Writer, GivesBackWhatALongQueueTook) {
  // Somebody who does not read for a while.
  struct Slow : WriteTarget {
    explicit Slow(std::atomic<bool>& reads) : reads(reads) {}
    Outcome write_some(std::string_view bytes, std::chrono::milliseconds) override {
      if (reads) return {bytes.size(), 0};
      std::this_thread::sleep_for(1ms);
      return {0, EAGAIN};
    }
    std::atomic<bool>& reads;
  };
  const auto in_use = [] {
    const struct mallinfo2 info = ::mallinfo2();
    return info.uordblks + info.hblkhd;
  };
  std::atomic<bool> reads = true;
  Writer writer(std::make_unique<Slow>(reads), {std::size_t{32} << 20, 5ms});
  const std::string lines(std::size_t{1} << 20, '\n');
  const std::size_t before = in_use();
  for (int round = 0; round < 2; ++round) {  // both buffers
    reads = false;
    ASSERT_TRUE(writer.push("first\n"));
    std::this_thread::sleep_for(10ms);  // it is on its way, and the others wait behind it
    for (int i = 0; i < 8; ++i) ASSERT_TRUE(writer.push(lines));
    reads = true;
    const std::uint64_t all = static_cast<std::uint64_t>(round + 1) * (1 + 8 * lines.size());
    while (writer.stats().written != all) std::this_thread::sleep_for(1ms);
  }
  const auto until = in(2s);
  while (in_use() > before + (std::size_t{1} << 20) && Writer::Clock::now() < until)
    std::this_thread::sleep_for(1ms);
  EXPECT_LE(in_use(), before + (std::size_t{1} << 20));
  EXPECT_TRUE(writer.close(in(1s)).has_value());
}

TEST(Writer, SaysWhenItHasRecovered) {
  // A file system that is full until somebody makes room.
  struct Full : WriteTarget {
    explicit Full(std::atomic<bool>& full) : full(full) {}
    Outcome write_some(std::string_view bytes, std::chrono::milliseconds) override {
      if (full) return {0, ENOSPC};
      return {bytes.size(), 0};
    }
    std::atomic<bool>& full;
  };
  std::atomic<bool> full = true;
  Writer writer(std::make_unique<Full>(full), {1000, 5ms});
  EXPECT_FALSE(writer.trouble());
  ASSERT_TRUE(writer.push(numbered(1)));
  while (!writer.trouble()) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(writer.trouble()->code, ENOSPC);
  EXPECT_FALSE(writer.failed());
  full = false;
  while (writer.trouble()) std::this_thread::sleep_for(1ms);
  EXPECT_FALSE(writer.failed());
  EXPECT_TRUE(writer.close(in(1s)).has_value());
  EXPECT_EQ(writer.stats().written, 1U);
}

}  // namespace
}  // namespace aspis
