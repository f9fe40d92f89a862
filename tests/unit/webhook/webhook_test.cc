// SPDX-License-Identifier: Apache-2.0
// Webhooks, received by a server of our own: one that is there, down, slow, busy, or refuses.
#include "agent/webhook/webhook.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/output/sample.h"
#include "tests/unit/webhook/receiver.h"

namespace aspis {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::SizeIs;

class WebhookTest : public testing::Test {
 protected:
  WebhookOptions options(std::chrono::milliseconds group = 1h) {
    WebhookOptions made;
    made.poster = std::move(*HttpPoster::create(*read_url(receiver_.url()), {}, ""));
    made.body = *WebhookTemplate::read(R"({"text": "{{object}}{{times}}"})", "test");
    made.group = group;
    made.first_pause = 20ms;
    made.max_pause = 100ms;
    made.timeout = 500ms;
    return made;
  }
  /// The text of it is `path`.
  static void emit(Webhook& webhook, const std::string& path, int times = 1) {
    const sample::Sample open("", sample::file_event(ASPIS_FILE_OPEN, path));
    ASSERT_TRUE(webhook.wants(open.record));
    for (int i = 0; i < times; ++i) webhook.emit(open.record);
  }
  static Result<> close(Webhook& webhook, std::chrono::milliseconds patience = 5s) {
    return webhook.close({}, 0, patience);
  }
  /// Within no time, what is on its way is missing too.
  static std::string trouble(Webhook& webhook, std::chrono::milliseconds patience) {
    const auto closed = close(webhook, patience);
    return closed ? "none" : closed.error().text();
  }

  Receiver receiver_;
};

TEST_F(WebhookTest, TellsOfEqualEventsTogether) {
  receiver_.start();
  Webhook webhook(options(700ms));
  emit(webhook, "/etc/passwd");
  EXPECT_THAT(receiver_.texts(1), ElementsAre("/etc/passwd")) << "at once";
  emit(webhook, "/etc/shadow", 17);
  emit(webhook, "/srv/x");
  EXPECT_THAT(receiver_.texts(3), ElementsAre("/etc/passwd", "/srv/x", "/etc/passwd (×17 more)"));
  EXPECT_TRUE(close(webhook));
  EXPECT_EQ(webhook.totals().told, 19U);
  EXPECT_EQ(webhook.totals().messages, 3U);
}

TEST_F(WebhookTest, WhatIsLeftIsToldAtTheEnd) {
  receiver_.start();
  Webhook webhook(options());
  emit(webhook, "/etc/passwd");
  EXPECT_TRUE(Receiver::soon([&] { return webhook.totals().messages == 1; }));
  emit(webhook, "/etc/passwd", 4);
  EXPECT_EQ(webhook.totals().waiting, 4U);
  EXPECT_TRUE(close(webhook));
  EXPECT_THAT(receiver_.texts(2), ElementsAre("/etc/passwd", "/etc/passwd (×4 more)"));
}

TEST_F(WebhookTest, ForgetsAGroupThatHasEnded) {
  receiver_.start();
  Webhook webhook(options(100ms));
  emit(webhook, "/etc/passwd");
  EXPECT_THAT(receiver_.texts(1), SizeIs(1));
  std::this_thread::sleep_for(300ms);
  emit(webhook, "/etc/hosts");
  EXPECT_THAT(receiver_.texts(2), ElementsAre("/etc/passwd", "/etc/hosts"));
}

TEST_F(WebhookTest, SendsNoMoreThanItMay) {
  receiver_.start();
  WebhookOptions made = options();
  made.rate = 3;
  made.minute = 1s;
  Webhook webhook(std::move(made));
  for (int i = 0; i < 7; ++i)
    emit(webhook, "/" + std::string(1, static_cast<char>('a' + i)) + "/x");
  EXPECT_THAT(receiver_.texts(7), SizeIs(7));
  const auto requests = receiver_.requests();
  for (std::size_t i = 3; i < requests.size(); ++i)
    EXPECT_GE(requests[i]["came"].get<double>() - requests[i - 3]["came"].get<double>(), 0.9);
  emit(webhook, "/h/x");
  EXPECT_THAT(receiver_.texts(8), SizeIs(8));
}

TEST_F(WebhookTest, TriesCountAsMessages) {
  receiver_.start();
  receiver_.answers("500\n500\n500\n500\n");
  WebhookOptions made = options();
  made.rate = 2;
  made.minute = 1s;
  Webhook webhook(std::move(made));
  emit(webhook, "/etc/passwd");
  EXPECT_THAT(receiver_.texts(5), SizeIs(5));
  const auto requests = receiver_.requests();
  for (std::size_t i = 2; i < requests.size(); ++i)
    EXPECT_GE(requests[i]["came"].get<double>() - requests[i - 2]["came"].get<double>(), 0.9);
}

TEST_F(WebhookTest, TriesAgainUntilSomebodyIsThere) {
  receiver_.start();
  receiver_.stop();
  Webhook webhook(options());
  emit(webhook, "/etc/passwd");
  emit(webhook, "/srv/x", 2);
  std::this_thread::sleep_for(200ms);
  EXPECT_EQ(webhook.totals().waiting, 3U);
  EXPECT_EQ(webhook.totals().lost, 0U);
  receiver_.start();
  EXPECT_THAT(receiver_.texts(2), ElementsAre("/etc/passwd", "/srv/x (×1 more)"));
  EXPECT_TRUE(close(webhook));
  EXPECT_EQ(webhook.totals().told, 3U);
}

TEST_F(WebhookTest, ReceiverThatIsSlowIsTriedAgain) {
  receiver_.start();
  receiver_.answers("200 sleep=3\n");
  Webhook webhook(options());
  const auto begin = std::chrono::steady_clock::now();
  emit(webhook, "/etc/passwd");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 100ms) << "emit does not wait";
  EXPECT_THAT(receiver_.texts(2), ElementsAre("/etc/passwd", "/etc/passwd"))
      << "nobody knows what became of the first";
  EXPECT_TRUE(close(webhook));
  EXPECT_EQ(webhook.totals().told, 1U);
}

TEST_F(WebhookTest, ErrorsOfTheServerPass) {
  receiver_.start();
  receiver_.answers("500\n502\n");
  Webhook webhook(options());
  emit(webhook, "/etc/passwd");
  EXPECT_THAT(receiver_.texts(3), SizeIs(3));
  EXPECT_TRUE(close(webhook));
  EXPECT_EQ(webhook.totals().told, 1U);
  EXPECT_EQ(webhook.totals().lost, 0U);
}

TEST_F(WebhookTest, WaitsForAsLongAsItIsTold) {
  receiver_.start();
  receiver_.answers("429 Retry-After=1\n");
  Webhook webhook(options());
  emit(webhook, "/etc/passwd");
  EXPECT_THAT(receiver_.texts(2), SizeIs(2));
  const auto requests = receiver_.requests();
  EXPECT_GE(requests[1]["came"].get<double>() - requests[0]["came"].get<double>(), 1.0);
}

TEST_F(WebhookTest, WhatIsRefusedIsLostAndCounted) {
  receiver_.start();
  receiver_.answers("404\n");
  Webhook webhook(options());
  emit(webhook, "/etc/passwd", 3);
  EXPECT_TRUE(Receiver::soon([&] { return webhook.totals().messages >= 1; })) << "of the loss";
  const auto totals = webhook.totals();
  EXPECT_EQ(totals.lost + totals.told + totals.waiting, 3U);
  EXPECT_GE(totals.lost, 1U);
  EXPECT_EQ(webhook.lost(), totals.lost) << "for the metric";
  webhook.tick();
  EXPECT_TRUE(webhook.failed());
  EXPECT_THAT(trouble(webhook, 0ms),
              testing::MatchesRegex("http://127.0.0.1:.*: the answer is 404; "
                                    "[123] events are missing from it"));
}

TEST_F(WebhookTest, WhatFindsNoRoomIsLostAndCounted) {
  receiver_.start();
  receiver_.stop();
  WebhookOptions made = options();
  made.groups = 2;
  made.body = *WebhookTemplate::read(R"({"text": "{{text}}"})", "test");
  Webhook webhook(std::move(made));
  for (const char* path : {"/a/x", "/b/x", "/c/x", "/d/x", "/a/y"}) emit(webhook, path);
  EXPECT_EQ(webhook.totals().lost, 2U);
  EXPECT_EQ(webhook.totals().waiting, 3U);
  receiver_.start();
  EXPECT_THAT(trouble(webhook, 20s), EndsWith("2 events are missing from it"));
  unsigned told = 0;  // together, or one by one if the first was told of before the second
  for (const std::string& text : receiver_.texts(3))
    if (const auto at = text.find("(output "); at != std::string::npos)
      told += static_cast<unsigned>(std::stoul(text.substr(at + 8)));
  EXPECT_EQ(told, 2U);
}

TEST_F(WebhookTest, EndsInTimeAndSaysWhatIsMissing) {
  receiver_.start();
  receiver_.stop();
  Webhook webhook(options());
  emit(webhook, "/etc/passwd", 5);
  const auto begin = std::chrono::steady_clock::now();
  const auto closed = close(webhook, 300ms);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
  ASSERT_FALSE(closed);
  EXPECT_THAT(closed.error().text(), HasSubstr("Connection refused; 5 events are missing from it"));
}

TEST_F(WebhookTest, TellsOfGaps) {
  receiver_.start();
  WebhookOptions made = options();
  made.body = *WebhookTemplate::read(kSlackTemplate, "test");
  Webhook webhook(std::move(made));
  Loss loss;
  loss.ring = 12;
  Record gap;
  gap.kind = ASPIS_ASPIS_GAP;
  gap.loss = &loss;
  webhook.emit(gap);
  EXPECT_THAT(receiver_.texts(1), ElementsAre(HasSubstr("12 events lost here (ring 12)")));
  EXPECT_TRUE(close(webhook)) << "that is no loss of this output";
}

TEST(GroupKey, IsOfTheClassOfAnObject) {
  const auto key = [](const std::string& path, const char* profile = "p") {
    sample::Sample open("", sample::file_event(ASPIS_FILE_OPEN, path));
    open.record.profile = profile;
    return group_key(open.record);
  };
  EXPECT_EQ(key("/etc/passwd"), key("/etc/shadow"));
  EXPECT_EQ(key("/proc/12/mem"), key("/proc/345/mem"));
  EXPECT_NE(key("/etc/passwd"), key("/etc/ssl/key"));
  EXPECT_NE(key("/etc/passwd"), key("/etc/passwd", "q"));
}

}  // namespace
}  // namespace aspis
