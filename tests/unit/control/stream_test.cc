// SPDX-License-Identifier: Apache-2.0
#include "agent/control/stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "agent/output/sample.h"
#include "tests/unit/output/lines.h"

namespace aspis {
namespace {

std::unique_ptr<Stream> make(std::size_t capacity, Filter filter = {}) {
  return std::make_unique<Stream>(std::move(filter),
                                  find_formatter("json")->make({kWallOffset, false}), capacity);
}

std::unique_ptr<sample::Sample> open_event(std::string_view path) {
  return std::make_unique<sample::Sample>("", sample::file_event(ASPIS_FILE_OPEN, path));
}

/// What a reader has had, counted from its lines.
struct Reader {
  explicit Reader(const Stream& stream) : place(stream.end()) {}
  /// Reads at most `chunks`.
  void read(Stream& stream, std::size_t chunks) {
    for (; chunks > 0; --chunks) {
      const auto chunk = stream.next(place, 1);
      if (!chunk) return;
      std::istringstream text(chunk->lines);
      for (std::string line; std::getline(text, line);) {
        const Json json = Json::parse(line);
        if (json["type"] == "aspis.gap") {
          lost += json["lost"]["output"].get<std::uint64_t>();
          ring += json["lost"]["ring"].get<std::uint64_t>();
        } else {
          paths.push_back(json["file"]["path"]);
        }
      }
    }
  }
  Stream::Place place;
  std::vector<std::string> paths;
  std::uint64_t lost = 0, ring = 0;
};

TEST(Stream, GivesEachReaderWhatCameAfterIt) {
  const auto stream = make(1 << 20);
  Reader first(*stream);
  stream->emit(open_event("/a")->record);
  stream->seal();
  Reader second(*stream);
  stream->emit(open_event("/b")->record);
  stream->seal();
  first.read(*stream, 9);
  second.read(*stream, 9);
  EXPECT_THAT(first.paths, testing::ElementsAre("/a", "/b"));
  EXPECT_THAT(second.paths, testing::ElementsAre("/b"));
  EXPECT_EQ(first.lost + second.lost + stream->lost(), 0U);
}

TEST(Stream, TellsWhatEachSlowReaderHasLost) {
  const auto stream = make(2000);
  std::vector<Reader> readers(8, Reader(*stream));
  std::mt19937 random(7);
  std::uint64_t events = 0, ring = 0;
  for (int round = 0; round < 500; ++round) {
    for (unsigned i = random() % 4; i > 0; --i, ++events)
      stream->emit(open_event("/" + std::to_string(events))->record);
    if (random() % 10 == 0) {
      sample::Sample gap("", ASPIS_ASPIS_GAP);
      gap.loss.ring = 3;
      gap.record.loss = &gap.loss;
      ring += 3;
      stream->emit(gap.record);
    }
    stream->seal();
    // The n-th reads, on average, n chunks in eight rounds.
    for (unsigned n = 0; n < readers.size(); ++n)
      if (n == 7)
        readers[n].read(*stream, 9);
      else if (random() % 8 < n)
        readers[n].read(*stream, 1 + random() % 2);
  }
  for (Reader& reader : readers) reader.read(*stream, 1000);
  for (const Reader& reader : readers) {
    EXPECT_EQ(reader.paths.size() + reader.lost, events);
    EXPECT_EQ(reader.ring, ring) << "what was lost before it must be told of even to who lost that";
    EXPECT_TRUE(std::ranges::is_sorted(
        reader.paths, {}, [](const std::string& path) { return std::stoul(path.substr(1)); }));
  }
  EXPECT_GT(readers[0].lost, 0U);
  EXPECT_EQ(readers[7].lost, 0U) << "nobody loses because another is slow";
}

TEST(Stream, KeepsNothingThatAllHaveHad) {
  const auto stream = make(1 << 20);
  Reader fast(*stream), slow(*stream);
  const auto emit = [&](int events) {
    for (; events > 0; --events) {
      stream->emit(open_event("/a")->record);
      stream->seal();
    }
  };
  emit(10);
  const std::size_t all = stream->kept();
  fast.read(*stream, 10);
  slow.read(*stream, 4);
  stream->forget(slow.place.chunk);
  EXPECT_EQ(stream->kept(), all / 10 * 6);
  emit(1);
  fast.read(*stream, 10);
  slow.read(*stream, 10);
  stream->forget(fast.place.chunk);
  EXPECT_EQ(stream->kept(), 0U);
  emit(1);
  fast.read(*stream, 10);
  slow.read(*stream, 10);
  EXPECT_EQ(fast.paths.size(), 12U);
  EXPECT_EQ(slow.paths.size(), 12U);
  EXPECT_EQ(fast.lost + slow.lost, 0U);
}

TEST(Stream, WantsWhatItsFilterPasses) {
  Filter filter;
  filter.events = {"net.*"};
  const auto stream = make(1000, filter);
  EXPECT_FALSE(stream->wants(open_event("/a")->record));
}

}  // namespace
}  // namespace aspis
