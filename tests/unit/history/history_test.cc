// SPDX-License-Identifier: Apache-2.0
#include "agent/history/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "agent/chain/chain.h"
#include "agent/chain/compressor.h"
#include "agent/chain/log_parts.h"

namespace aspis {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kNow = 1'767'322'800 * kSecond;  // 2026-01-02T03:00:00Z (date -d @…)

TEST(ParseSince, TakesSpansAndTimes) {
  ::setenv("TZ", "Etc/GMT-2", 1);  // two hours east of Greenwich
  ::tzset();
  const auto since = [](const char* text) {
    const auto parsed = parse_since(text, kNow);
    return parsed ? (kNow - *parsed) / kSecond : -1;
  };
  EXPECT_EQ(since("90s"), 90);
  EXPECT_EQ(since("10m"), 600);
  EXPECT_EQ(since("2h"), 7200);
  EXPECT_EQ(since("7d"), 7 * 86400);
  EXPECT_EQ(since("2026-01-02T02:59:00Z"), 60);
  EXPECT_EQ(since("2026-01-02T04:59:00"), 60);
  EXPECT_EQ(since("2026-01-02T04:59"), 60);
  EXPECT_EQ(since("2026-01-02"), 5 * 3600);
  for (const char* wrong : {"", "10", "10y", "-5m", "m", "2026", "2026-01-02T", "2026-01-02 x",
                            "99999999999999999d", "2026-01-02T02:59:00ZZ"})
    EXPECT_THAT(parse_since(wrong, kNow).error().text(), HasSubstr("is no time")) << wrong;
}

class History : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(directory_); }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  static std::string record(int seq, int hour, const std::string& more = "") {
    return R"({"type":"file.open","time":"2026-01-02T0)" + std::to_string(hour) +
           R"(:00:00.5Z","seq":)" + std::to_string(seq) + R"(,"process":{"pid":1})" + more + "}";
  }
  /// Sequence numbers of what is read.
  std::vector<int> read(int since_hour, Filter filter = {}) {
    std::vector<int> numbers;
    const auto result = read_history(
        {path_, kNow + (since_hour - 3) * 3600 * kSecond, std::move(filter)},
        [&](std::string_view, const nlohmann::json& one) { numbers.push_back(one["seq"]); });
    EXPECT_TRUE(result.has_value()) << (result ? "" : result.error().text());
    if (result) unreadable_ = result->unreadable;
    return numbers;
  }

  std::string directory_ = testing::TempDir() + "aspis-history";
  std::string path_ = directory_ + "/events.json";
  std::uint64_t unreadable_ = 0;
};

TEST_F(History, ReadsRotatedAndCompressedFilesInOrder) {
  std::ofstream(part_name(path_, 1)) << record(1, 1) << '\n' << record(2, 2) << '\n';
  Compressor compressor;
  ASSERT_TRUE(compressor.begin(part_name(path_, 1)).has_value());
  ASSERT_TRUE(compressor.finish().has_value());
  std::ofstream(part_name(path_, 2)) << record(3, 3) << "\nno json\n[]\n";
  std::ofstream(path_) << record(4, 4) << '\n' << record(5, 5);
  EXPECT_THAT(read(0), ElementsAre(1, 2, 3, 4, 5));
  EXPECT_EQ(unreadable_, 2U);
  EXPECT_THAT(read(3), ElementsAre(3, 4, 5));
  EXPECT_THAT(read(9), ElementsAre());
  const auto missing = read_history({directory_ + "/nosuch", 0, {}}, {});
  EXPECT_THAT(missing.error().text(), HasSubstr("there is no such log"));
}

TEST_F(History, Filters) {
  std::ofstream(path_)
      << record(1, 1, R"(,"verdict":"allowed")") << '\n'
      << record(2, 1, R"(,"verdict":"denied","quiet":true)") << '\n'
      << record(3, 1, R"(,"verdict":"denied")") << '\n'
      << record(4, 1, R"(,"verdict":"allowed","audited":true)") << '\n'
      << R"({"type":"python.audit","seq":5,"process":{"python":true},"python":{"event":"os.system"}})"
      << '\n'
      << R"({"type":"aspis.gap","seq":6})" << '\n'
      << R"({"type":"aspis.agent","seq":7,"agent":{"action":"policy"}})" << '\n';
  Filter filter;
  filter.denials_only = true;
  EXPECT_THAT(read(0, filter), ElementsAre(3, 4, 6));
  filter = {};
  filter.verdicts = {"denied"};
  EXPECT_THAT(read(0, filter), ElementsAre(2, 3, 6));
  filter = {};
  filter.events = {"python.os.*"};
  EXPECT_THAT(read(0, filter), ElementsAre(5, 6));
  filter = {};
  filter.python_only = true;
  EXPECT_THAT(read(0, filter), ElementsAre(5, 6));
  filter = {};
  filter.events = {"aspis.agent"};
  EXPECT_THAT(read(0, filter), ElementsAre(6, 7));
}

TEST(WithoutChain, IsTheLineBeforeItWasChained) {
  ChainEnd end;
  std::string chained, memory;
  const std::string line = R"({"type":"x","s":",\"record\":1,\"chain\":\"y\"}"})";
  append_record(end, line, chained);
  chained.pop_back();
  EXPECT_EQ(without_chain(chained, memory), line);
  EXPECT_EQ(without_chain(line.substr(0, 12) + "}", memory), line.substr(0, 12) + "}");
}

}  // namespace
}  // namespace aspis
