// SPDX-License-Identifier: Apache-2.0
// The log that is written is the log that is verified; what was done to it in between is found.
// Hashes are compared with those of another implementation: sha256sum and openssl.
#include "agent/chain/chain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <thread>

#include "agent/chain/compressor.h"
#include "agent/chain/log_file.h"
#include "agent/chain/log_parts.h"
#include "agent/chain/verify.h"
#include "agent/output/writer.h"

namespace aspis {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
namespace fs = std::filesystem;

std::string output_of(const std::string& command, const std::string& input) {
  char name[] = "/tmp/aspis-input-XXXXXX";
  const Fd file(::mkstemp(name));
  EXPECT_EQ(::write(file.get(), input.data(), input.size()), static_cast<ssize_t>(input.size()));
  std::FILE* pipe = ::popen((command + " < " + name).c_str(), "r");
  char text[256] = {};
  EXPECT_NE(std::fgets(text, sizeof(text), pipe), nullptr);
  ::pclose(pipe);
  ::unlink(name);
  return text;
}

TEST(Chain, HashesAreSha256OfTheHashBeforeAndTheRecord) {
  ChainEnd end;
  std::string out;
  append_record(end, R"({"type":"a"})", out);
  const std::string first = out;
  append_record(end, R"({"type":"b"})", out);
  const std::string second = out.substr(first.size());
  EXPECT_THAT(first, testing::StartsWith(R"({"type":"a","record":1,"chain":")"));
  const auto one = read_record(first.substr(0, first.size() - 1));
  const auto two = read_record(second.substr(0, second.size() - 1));
  ASSERT_TRUE(one && two);
  EXPECT_EQ(
      output_of("sha256sum", std::string(32, '\0') + R"({"type":"a","record":1})").substr(0, 64),
      hex_of(one->hash));
  EXPECT_EQ(
      output_of("sha256sum", std::string(reinterpret_cast<const char*>(one->hash.data()), 32) +
                                 R"({"type":"b","record":2})")
          .substr(0, 64),
      hex_of(two->hash));
  EXPECT_EQ(two->record, 2U);
}

TEST(Chain, SealsAreHmacs) {
  SealKey key{7, {}};
  key.key.fill(0x5a);
  const ChainEnd end{3, {}};
  const std::string hexkey = hex_of(key.key);
  EXPECT_THAT(output_of("openssl dgst -sha256 -mac HMAC -macopt hexkey:" + hexkey,
                        "7 3 " + std::string(64, '0')),
              HasSubstr(hex_of(key.seal(end))));
  key.advance();
  EXPECT_EQ(key.epoch, 8U);
  EXPECT_THAT(
      output_of("openssl dgst -sha256 -mac HMAC -macopt hexkey:" + hexkey, "aspis seal key"),
      HasSubstr(hex_of(key.key)));
  EXPECT_EQ(seal_key_from_text(text_of(key) + "\n")->key, key.key);
  for (const char* bad : {"", "7", "x 00", "7 00", "-1 00"})
    EXPECT_FALSE(seal_key_from_text(bad)) << bad;
}

class Log : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/aspis-log-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    directory_ = name;
    options_.path = directory_ + "/log/events.json";
    options_.state = directory_ + "/state";
    options_.compress = false;
  }
  void TearDown() override { fs::remove_all(directory_); }

  std::string line(int n) { return "{\"type\":\"test\",\"n\":" + std::to_string(n) + "}\n"; }
  std::unique_ptr<LogFile> open() {
    auto log = LogFile::open(options_);
    EXPECT_TRUE(log) << log.error().text();
    return log ? std::move(*log) : nullptr;
  }
  void write(LogFile& log, int from, int to) {
    std::string lines;
    for (int i = from; i < to; ++i) lines += line(i);
    while (!lines.empty()) {
      const auto [written, error] = log.write_some(lines, 1ms);
      ASSERT_EQ(error, 0);
      lines.erase(0, written);
    }
  }
  void write(int from, int to) { write(*open(), from, to); }
  std::string text(const std::string& path) const {
    std::ifstream file(path);
    std::stringstream all;
    all << file.rdbuf();
    return all.str();
  }
  /// The problems; `result` has the rest.
  std::vector<std::string> verify() {
    std::vector<std::string> problems;
    VerifyOptions options{options_.path, first_key_, options_.state};
    const auto verified =
        verify_log(options, [&](const std::string& what) { problems.push_back(what); });
    if (!verified) return {verified.error().text()};
    result_ = *verified;
    EXPECT_EQ(result_.problems, problems.size());
    return problems;
  }
  void use_key() {
    SealKey key;
    key.key.fill(0x42);
    first_key_ = key;
    options_.key = directory_ + "/key";
    ASSERT_TRUE(replace_text(options_.key, text_of(key) + "\n"));
  }
  std::vector<std::string> lines() const {
    std::vector<std::string> all;
    std::istringstream whole(text(options_.path));
    for (std::string one; std::getline(whole, one);) all.push_back(one);
    return all;
  }
  void put(const std::vector<std::string>& lines) {
    std::ofstream file(options_.path, std::ios::trunc);
    for (const auto& one : lines) file << one << "\n";
  }

  std::string directory_;
  LogOptions options_;
  std::optional<SealKey> first_key_;
  Verified result_;
};

TEST_F(Log, IsWholeOverStartsAndFiles) {
  write(0, 10);
  EXPECT_THAT(verify(), IsEmpty());
  EXPECT_EQ(result_.records, 12U) << "with its opening and closing";
  EXPECT_FALSE(result_.open);
  options_.rotate_bytes = 4000;
  options_.compress = true;
  for (int i = 0; i < 4; ++i) {
    const auto log = open();
    write(*log, 0, 40);
    log->idle();  // as after a second
  }
  EXPECT_THAT(verify(), IsEmpty());
  EXPECT_EQ(result_.files, 5U);
  EXPECT_TRUE(fs::exists(options_.path + ".000001.zst"));
  EXPECT_FALSE(fs::exists(options_.path + ".000001"));
  EXPECT_EQ(output_of("zstd -dc", text(options_.path + ".000001.zst")).substr(0, 20),
            R"({"type":"aspis.log",)")
      << "any zstd reads it";
  EXPECT_EQ(fs::status(options_.path).permissions(), fs::perms(0600));
  EXPECT_EQ(fs::status(options_.path + ".000001.zst").permissions(), fs::perms(0600));
}

TEST_F(Log, KeepsSoManyFilesAndSaysWhichAreGone) {
  options_.rotate_bytes = 2000;
  options_.keep = 2;
  for (int i = 0; i < 6; ++i) {
    const auto log = open();
    write(*log, 0, 20);
    log->idle();
  }
  EXPECT_THAT(verify(), IsEmpty());
  EXPECT_EQ(result_.files, 3U);
  EXPECT_GT(result_.removed, 0U);
  EXPECT_THAT(text(options_.path), HasSubstr(R"("action":"removed")"));
  EXPECT_THAT(text(options_.path), HasSubstr("events.json.000004"));
}

TEST_F(Log, CompressesPieceByPiece) {
  const std::string file = directory_ + "/part";
  std::string content;
  for (int i = 0; i < 20'000; ++i) content += line(i);
  ASSERT_TRUE(replace_text(file, content));
  Compressor compressor;
  ASSERT_TRUE(compressor.begin(file));
  EXPECT_EQ(compressor.file(), file);
  ASSERT_TRUE(compressor.step(content.size() / 2));
  EXPECT_TRUE(compressor.busy());
  EXPECT_TRUE(fs::exists(file)) << "until the other is whole";
  EXPECT_FALSE(fs::exists(file + ".zst"));
  ASSERT_TRUE(compressor.step(content.size()));
  EXPECT_FALSE(compressor.busy());
  EXPECT_FALSE(fs::exists(file));
  EXPECT_TRUE(output_of("{ zstd -dc | sha256sum; }", text(file + ".zst")) ==
              output_of("sha256sum", content));
  ASSERT_TRUE(replace_text(file, content));
  ASSERT_TRUE(compressor.begin(file));
  ASSERT_TRUE(compressor.step(1));
  compressor.drop();
  EXPECT_TRUE(fs::exists(file));
  EXPECT_FALSE(fs::exists(file + ".zst.new"));
  fs::remove(file);
  EXPECT_FALSE(compressor.begin(file));
  EXPECT_FALSE(compressor.busy());
}

TEST_F(Log, CompressesInBetween) {
  options_.rotate_bytes = 4 << 20;
  options_.compress = true;
  const std::string first = options_.path + ".000001";
  const auto log = open();
  const auto write_some = [&] { write(*log, 0, 8000); };  // less than a batch
  do write_some();
  while (fs::file_size(options_.path) < options_.rotate_bytes);
  std::this_thread::sleep_for(1100ms);  // once a second it is asked whether the file is too long
  write_some();
  EXPECT_TRUE(fs::exists(first)) << "who writes is not held up until it is compressed";
  int writes = 1;
  for (; fs::exists(first) && writes < 100; ++writes) write_some();
  EXPECT_LT(fs::file_size(options_.path), options_.rotate_bytes)
      << "before the next one is as long";
  EXPECT_TRUE(fs::exists(first + ".zst"));
  EXPECT_FALSE(fs::exists(first + ".zst.new"));
  EXPECT_THAT(verify(), IsEmpty());
  EXPECT_EQ(result_.files, 2U);
}

TEST_F(Log, CompressesWhatAnAgentThatWasKilledHasLeft) {
  options_.rotate_bytes = 2000;
  for (int i = 0; i < 3; ++i) {
    const auto log = open();
    write(*log, 0, 40);
    log->idle();
  }
  std::ofstream(options_.path + ".000001.zst.new") << "half of it";
  options_.compress = true;
  open()->idle();
  for (const char* number : {".000001", ".000002", ".000003"}) {
    EXPECT_FALSE(fs::exists(options_.path + number));
    EXPECT_TRUE(fs::exists(options_.path + number + std::string(".zst")));
  }
  EXPECT_FALSE(fs::exists(options_.path + ".000001.zst.new"));
  EXPECT_THAT(verify(), IsEmpty());
}

TEST_F(Log, WhatIsRemovedIsNotCompressed) {
  options_.rotate_bytes = 4 << 20;
  options_.compress = true;
  options_.keep = 0;
  const auto log = open();
  for (int i = 0; i < 60; ++i) write(*log, 0, 8000);
  log->idle();
  int others = 0;
  for (const auto& entry : fs::directory_iterator(fs::path(options_.path).parent_path()))
    others += entry.path() != options_.path;
  EXPECT_EQ(others, 0);
  EXPECT_THAT(verify(), IsEmpty());
}

TEST_F(Log, FindsEveryChangeOfAByte) {
  write(0, 3);
  const std::string good = text(options_.path);
  std::mt19937 random(3);
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ (1 << random() % 7));
    std::ofstream(options_.path, std::ios::trunc) << bad;
    EXPECT_THAT(verify(), testing::Not(IsEmpty())) << "byte " << at;
  }
  std::ofstream(options_.path, std::ios::trunc) << good;
  EXPECT_THAT(verify(), IsEmpty());
}

TEST_F(Log, FindsWhatIsLeftOutPutInOrMoved) {
  write(0, 6);
  const auto good = lines();
  auto bad = good;
  bad.erase(bad.begin() + 3);
  put(bad);
  EXPECT_THAT(verify(), ElementsAre(HasSubstr(":4: records 4 to 4 are missing")));
  bad = good;
  std::swap(bad[2], bad[3]);
  put(bad);
  EXPECT_THAT(verify(), testing::Not(IsEmpty()));
  bad = good;
  bad.insert(bad.begin() + 2, good[1]);
  put(bad);
  EXPECT_THAT(verify(), testing::Not(IsEmpty()));
  bad = good;
  bad.insert(bad.begin() + 2, "{}");
  put(bad);
  EXPECT_THAT(verify(), ElementsAre(HasSubstr(":3: a line that is no record")));
  bad = good;
  bad.erase(bad.begin());
  put(bad);
  EXPECT_THAT(verify(), ElementsAre(HasSubstr("its begin is missing"), HasSubstr(":1: record 2")));
  bad = good;
  bad.resize(4);
  put(bad);
  EXPECT_THAT(verify(), ElementsAre("records 5 to 8 are missing: the log's end has been cut off"));
}

TEST_F(Log, AFileThatIsGoneLeavesAHole) {
  options_.rotate_bytes = 2000;
  for (int i = 0; i < 3; ++i) {
    const auto log = open();
    write(*log, 0, 20);
    log->idle();
  }
  fs::remove(options_.path + ".000002");
  EXPECT_THAT(verify(), ElementsAre(HasSubstr("are missing")));
}

TEST_F(Log, TheNextStartSaysThatTheEndWasTakenAway) {
  write(0, 6);
  auto cut = lines();
  cut.resize(4);
  put(cut);
  write(6, 7);
  EXPECT_THAT(text(options_.path), HasSubstr(R"("action":"lost")"));
  EXPECT_THAT(verify(), ElementsAre(HasSubstr("records 5 to 8 are missing"),
                                    HasSubstr("the log itself says")));
  fs::remove(options_.path);
  write(7, 8);
  EXPECT_THAT(verify(), testing::Not(IsEmpty())) << "all of it";
}

TEST_F(Log, IsWrittenOnWhenItIsTakenAwayMeanwhile) {
  const auto log = open();
  write(*log, 0, 5);
  log->idle();
  fs::remove_all(directory_ + "/log");
  log->idle();
  write(*log, 5, 6);
  EXPECT_THAT(text(options_.path), HasSubstr("\"n\":5"));
  EXPECT_THAT(verify(), testing::Not(IsEmpty()));
  std::ofstream(options_.path, std::ios::trunc) << "";
  log->idle();
  write(*log, 6, 7);
  EXPECT_THAT(text(options_.path), HasSubstr(R"("action":"lost")"));
}

TEST_F(Log, ALineThatACrashHasTornIsToldOf) {
  write(0, 3);
  std::ofstream(options_.path, std::ios::app) << R"({"type":"test","n")";
  write(3, 4);
  EXPECT_THAT(verify(), IsEmpty());
  EXPECT_THAT(text(options_.path), HasSubstr(R"("torn":18)"));
  auto edited = lines();
  for (auto& one : edited)
    if (one == R"({"type":"test","n")") one = R"({"type":"test","m)";
  put(edited);
  EXPECT_THAT(verify(), ElementsAre(HasSubstr("a line that is no record"))) << "not as long";
}

TEST_F(Log, SealsFindALogThatWasWrittenAnew) {
  use_key();
  write(0, 6);
  EXPECT_THAT(verify(), IsEmpty());
  EXPECT_EQ(result_.sealed, 8U);
  EXPECT_THAT(text(options_.key), testing::StartsWith("1 ")) << "the first key is gone";
  // Who can write all files makes a log with a good chain, but without the keys before.
  const std::string key = text(options_.key);
  fs::remove(options_.path);
  fs::remove(options_.state);
  write(0, 5);
  EXPECT_THAT(verify(), testing::Not(IsEmpty()));
  EXPECT_EQ(result_.sealed, 0U);
}

TEST_F(Log, IsWrittenByOneOnly) {
  const auto log = open();
  EXPECT_THAT(LogFile::open(options_).error().text(), HasSubstr("another process writes this log"));
}

TEST_F(Log, GoesThroughAWriter) {
  auto writer = std::make_unique<Writer>(open(), WriterOptions{1 << 20, 5ms});
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(writer->push(line(i)));
  EXPECT_TRUE(writer->close(Writer::Clock::now() + 10s));
  EXPECT_EQ(writer->stats().written, 1000U);
  writer.reset();
  EXPECT_THAT(verify(), IsEmpty());
  EXPECT_EQ(result_.records, 1002U);
}

}  // namespace
}  // namespace aspis
