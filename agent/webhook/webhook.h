// SPDX-License-Identifier: Apache-2.0
// Events as HTTP requests: into a chat, to a pager. Few, as a person reads them.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>

#include "agent/output/output.h"
#include "agent/watch/filter.h"
#include "agent/webhook/http_post.h"
#include "agent/webhook/template.h"
#include "base/result.h"

namespace aspis {

struct WebhookOptions {
  std::unique_ptr<HttpPoster> poster;
  WebhookTemplate body;
  FormatContext context;
  Filter filter;
  unsigned rate = 30;                         ///< messages a minute, at most
  std::chrono::milliseconds group;            ///< equal events within are told of together
  std::size_t groups = 1000;                  ///< that are remembered
  std::chrono::milliseconds timeout{10'000};  ///< of one exchange
  std::chrono::milliseconds first_pause{1'000}, max_pause{60'000};  ///< between tries, doubled
  std::chrono::milliseconds minute{60'000};                         ///< that `rate` is for
};

/// What became of the events given to emit(); gaps not counted.
struct WebhookTotals {
  std::uint64_t told = 0;      ///< in messages that were taken
  std::uint64_t lost = 0;      ///< refused for lack of room, or in messages that were refused
  std::uint64_t waiting = 0;   ///< counted, and not yet told
  std::uint64_t messages = 0;  ///< taken
};

/// The first of equal events (same kind, verdict, profile, program and class of object) is told of
/// at once, those that follow within `group` together, when it is over: "(×17 more)". Nobody there,
/// 429 and 5xx, too much time: tried again, after a pause, or when Retry-After says; all other
/// answers but 2xx are final for that message. What is lost is told of in a message of its own.
/// emit() only counts; a thread does the rest.
class Webhook final : public Output {
 public:
  explicit Webhook(WebhookOptions options);
  /// Ends without telling what waits, if close() was not called.
  ~Webhook() override;
  Webhook(const Webhook&) = delete;
  Webhook& operator=(const Webhook&) = delete;

  bool wants(const Record& record) override;
  void emit(const Record& record) override;
  void tick() override;
  [[nodiscard]] bool failed() const override { return failed_; }
  [[nodiscard]] std::uint64_t lost() const override { return totals().lost; }
  /// No summary is sent: that is for logs.
  Result<> close(const Summary& summary, std::uint64_t now,
                 std::chrono::milliseconds patience) override;

  [[nodiscard]] WebhookTotals totals() const;

 private:
  using Clock = HttpPoster::Clock;
  struct Group {
    std::string key;
    WebhookTemplate::Values values;  ///< of the first
    std::uint64_t count = 0;         ///< not yet told
    bool shown = false;              ///< the first was told
    Clock::time_point due;           ///< when to tell of `count`, or forget it if that is 0
  };
  struct Message {
    std::string body;
    std::uint64_t count = 0;  ///< events that it tells of
    std::string key;          ///< of its group; empty: what was lost
    Loss loss;
  };

  void run();
  void add_loss(const Loss& loss);
  std::optional<Message> next(std::unique_lock<std::mutex>& lock);
  std::optional<Message> take(Clock::time_point now);
  Message loss_message();
  void forget(Clock::time_point now);
  [[nodiscard]] Clock::time_point rate_allows(Clock::time_point now);
  [[nodiscard]] Clock::time_point next_due() const;
  void deliver(const Message& message);
  void settle(const Message& message, bool taken, const std::string& why);
  bool pause(std::chrono::milliseconds time, const std::string& why);
  [[nodiscard]] Clock::time_point deadline() const;

  WebhookOptions options_;
  const std::string name_;
  bool failed_ = false;
  std::uint64_t seen_lost_ = 0;
  bool seen_trouble_ = false;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::list<Group> groups_;
  std::unordered_map<std::string, std::list<Group>::iterator> by_key_;
  Loss loss_;  ///< not yet told of
  Clock::time_point loss_due_;
  std::deque<Clock::time_point> sent_;  ///< tries within the last minute
  WebhookTotals totals_;
  std::string trouble_;  ///< why messages do not get there at the moment; empty: they do
  std::string refusal_;  ///< why the last one that was lost was
  bool closing_ = false;
  Clock::time_point end_ = Clock::time_point::max();
  std::thread thread_;
};

/// What makes events equal.
std::string group_key(const Record& record);

}  // namespace aspis
