// SPDX-License-Identifier: Apache-2.0
#include "agent/output/sink.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/unit/output/lines.h"

namespace aspis {
namespace {

using namespace std::chrono_literals;

struct Output {
  explicit Output(std::size_t capacity, Fd fd = Fd()) {
    int ends[2];
    if (!fd.valid() && ::pipe(ends) == 0) reader = Fd(ends[0]), fd = Fd(ends[1]);
    auto writer = Writer::create(std::move(fd), {capacity, 5ms});
    sink = std::make_unique<Sink>(find_formatter("json")->make({kWallOffset, false}),
                                  std::move(*writer));
  }
  /// Reads what has been written so far, and stops when nothing more comes.
  void read_some() {
    char buffer[65536];
    while (true) {
      ::usleep(20'000);
      ::fcntl(reader.get(), F_SETFL, O_NONBLOCK);
      const ssize_t n = ::read(reader.get(), buffer, sizeof(buffer));
      if (n <= 0) return;
      got.append(buffer, static_cast<std::size_t>(n));
    }
  }
  std::vector<Json> lines() const {
    std::vector<Json> out;
    std::istringstream text(got);
    for (std::string line; std::getline(text, line);) out.push_back(Json::parse(line));
    return out;
  }
  Fd reader;
  std::unique_ptr<Sink> sink;
  std::string got;
};

/// What a reader can work out: events seen, and those that gaps tell of.
struct Account {
  explicit Account(const std::vector<Json>& lines) {
    for (const Json& line : lines) {
      if (line["type"] == "aspis.gap") {
        lost += line["lost"]["output"].get<std::uint64_t>();
        ring += line["lost"]["ring"].get<std::uint64_t>();
      } else if (line["type"] != "aspis.summary") {
        ++events;
      }
    }
  }
  std::uint64_t events = 0, lost = 0, ring = 0;
};

TEST(Sink, NothingLost) {
  Output output(std::size_t{8} << 20);
  sample::Sample sample("", sample::file_event(ASPIS_FILE_OPEN, "/a"));
  for (int i = 0; i < 50; ++i) output.sink->emit(sample.record);
  Summary summary;
  summary.produced = 50;
  const Result<SinkTotals> totals = output.sink->close(summary, sample.record.time, 5s);
  ASSERT_TRUE(totals.has_value());
  EXPECT_EQ(totals->emitted, 50U);
  EXPECT_EQ(totals->lost, 0U);
  output.read_some();
  const auto lines = output.lines();
  ASSERT_EQ(lines.size(), 51U);
  EXPECT_EQ(lines[50]["type"], "aspis.summary");
  EXPECT_EQ(lines[50]["emitted"], 50);
  EXPECT_EQ(lines[50]["lost"]["total"], 0);
}

TEST(Sink, GapsSayExactlyWhatIsMissing) {
  Output output(8 << 10);
  sample::Sample sample("", sample::file_event(ASPIS_FILE_OPEN, "/a"));
  constexpr unsigned kRounds = 5, kEach = 700;
  for (unsigned round = 0; round < kRounds; ++round) {
    for (unsigned i = 0; i < kEach; ++i) output.sink->emit(sample.record);
    output.read_some();
  }
  Summary summary;
  summary.produced = kRounds * kEach;
  const Result<SinkTotals> totals = output.sink->close(summary, sample.record.time, 5s);
  ASSERT_TRUE(totals.has_value()) << totals.error().text();
  output.read_some();
  const auto lines = output.lines();
  const Account account(lines);
  EXPECT_GT(account.lost, 0U);
  EXPECT_EQ(account.events + account.lost, kRounds * kEach);
  EXPECT_EQ(totals->emitted, account.events);
  EXPECT_EQ(totals->lost, account.lost);
  EXPECT_EQ(lines.back()["emitted"], account.events);
  EXPECT_EQ(lines.back()["lost"]["output"], account.lost);
}

TEST(Sink, GapsThatAreRefusedAreAddedUp) {
  Output output(4 << 10);
  sample::Sample sample("", sample::file_event(ASPIS_FILE_OPEN, "/a"));
  sample::Sample gap("", ASPIS_ASPIS_GAP);
  gap.loss.ring = 3;
  gap.record.loss = &gap.loss;
  for (unsigned i = 0; i < 1000; ++i) {
    output.sink->emit(sample.record);
    output.sink->emit(gap.record);
  }
  output.read_some();
  ASSERT_TRUE(output.sink->close({}, sample.record.time, 5s).has_value());
  output.read_some();
  const Account account(output.lines());
  EXPECT_EQ(account.ring, 3000U);
  EXPECT_EQ(account.events + account.lost, 1000U);
  EXPECT_GT(account.lost, 0U);
}

TEST(Sink, AFullDiskIsAnErrorWithTotals) {
  Output output(4 << 10, Fd(::open("/dev/full", O_WRONLY)));
  sample::Sample sample("", sample::file_event(ASPIS_FILE_OPEN, "/a"));
  for (unsigned i = 0; i < 100; ++i) output.sink->emit(sample.record);
  const Result<SinkTotals> totals = output.sink->close({}, sample.record.time, 200ms);
  ASSERT_FALSE(totals);
  EXPECT_EQ(totals.error().code, ENOSPC);
  EXPECT_EQ(output.sink->totals().emitted, 0U);
  EXPECT_EQ(output.sink->totals().lost, 100U);
}

TEST(Sink, LinesThatAreNotEventsAreNotCountedAsEvents) {
  Output output(std::size_t{8} << 20, Fd(::open("/dev/full", O_WRONLY)));
  sample::Sample sample("", sample::file_event(ASPIS_FILE_OPEN, "/a"));
  sample::Sample gap("", ASPIS_ASPIS_GAP);
  gap.loss.ring = 1;
  gap.record.loss = &gap.loss;
  for (unsigned i = 0; i < 100; ++i) {
    output.sink->emit(sample.record);
    output.sink->emit(gap.record);
  }
  EXPECT_FALSE(output.sink->close({}, sample.record.time, 200ms).has_value());
  EXPECT_EQ(output.sink->totals().emitted, 0U);
  EXPECT_EQ(output.sink->totals().lost, 100U);
}

TEST(Sink, AReaderThatGoesAwayStillLeavesAnExactAccount) {
  Output output(std::size_t{8} << 20);
  sample::Sample sample("", sample::file_event(ASPIS_FILE_OPEN, "/a"));
  sample::Sample gap("", ASPIS_ASPIS_GAP);
  gap.loss.ring = 1;
  gap.record.loss = &gap.loss;
  for (unsigned i = 0; i < 1000; ++i) {
    output.sink->emit(sample.record);
    output.sink->emit(gap.record);
  }
  ::usleep(50'000);  // the pipe is full now
  output.reader.reset();
  EXPECT_FALSE(output.sink->close({}, sample.record.time, 1s).has_value());
  const SinkTotals totals = output.sink->totals();
  EXPECT_EQ(totals.emitted + totals.lost, 1000U);
  EXPECT_GT(totals.lost, 0U);
  EXPECT_GT(totals.emitted, 0U);
}

}  // namespace
}  // namespace aspis
