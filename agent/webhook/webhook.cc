// SPDX-License-Identifier: Apache-2.0
#include "agent/webhook/webhook.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>

#include "agent/output/places.h"
#include "base/log.h"

namespace aspis {
namespace {

constexpr std::chrono::seconds kRetryAfterMax{3600};

/// The directory, with numbers left out: /proc/#/fd.
std::string path_class(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  std::string out;
  for (const char c : path.substr(0, slash == std::string_view::npos ? path.size() : slash + 1)) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit || !out.ends_with('#')) out += digit ? '#' : c;
  }
  return out;
}

std::string object_class(const Event& event) {
  std::string out;
  if (const auto* file = event.as<FilePayload>()) {
    append_path_text(out, file->path);
    return path_class(out);
  }
  if (const auto* exec = event.as<ExecPayload>()) return std::string(exec->exe.text);
  if (const auto* python = event.as<PythonPayload>()) return std::string(python->name);
  if (const auto* net = event.as<NetPayload>()) {
    if (append_ip_address(out, net->raw->family, net->raw->address)) return out;
    return path_class(unix_name(net->unix_path).text);
  }
  if (const auto* privilege = event.as<PrivilegePayload>())
    return std::to_string(privilege->raw->number) + path_class(privilege->path.text);
  return out;
}

bool may_pass(unsigned status) {
  return status == 408 || status == 425 || status == 429 || status >= 500;
}

}  // namespace

std::string group_key(const Record& record) {
  std::string key = std::to_string(record.kind) + '\n' + record.profile + '\n';
  if (record.process) key += record.process->exe + '\n';
  if (record.container) key += record.container->id + '\n';
  if (record.event != nullptr)
    key += std::to_string(record.event->head->verdict) + '\n' + object_class(*record.event);
  return key;
}

Webhook::Webhook(WebhookOptions options)
    : options_(std::move(options)), name_(options_.poster->url().shown()) {
  sigset_t all, previous;  // signals are for the main thread
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &previous);
  thread_ = std::thread([this] { run(); });
  pthread_sigmask(SIG_SETMASK, &previous, nullptr);
}

Webhook::~Webhook() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    end_ = std::min(end_, Clock::now());
    wake_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

bool Webhook::wants(const Record& record) {
  return options_.filter.passes(record);
}

/// The thread is woken for what is new only: for what is known it wakes by itself.
void Webhook::emit(const Record& record) {
  const std::lock_guard lock(mutex_);
  if (record.kind == ASPIS_ASPIS_GAP)
    return add_loss(record.loss != nullptr ? *record.loss : Loss());
  std::string key = group_key(record);
  const auto found = by_key_.find(key);
  if (found != by_key_.end()) {
    ++found->second->count;
  } else if (groups_.size() < options_.groups) {
    groups_.push_back(
        {key, options_.body.values(record, options_.context), 1, false, Clock::now()});
    by_key_[std::move(key)] = std::prev(groups_.end());
    wake_.notify_one();
  } else {
    ++totals_.lost;
    Loss loss;
    loss.output = 1;
    add_loss(loss);
  }
}

void Webhook::add_loss(const Loss& loss) {
  if (loss_.total() == 0) {
    loss_due_ = std::max(loss_due_, Clock::now());
    wake_.notify_one();
  }
  loss_ += loss;
}

/// What is wrong now, and when it is not any more.
void Webhook::tick() {
  const std::lock_guard lock(mutex_);
  if (totals_.lost != seen_lost_ && !std::exchange(failed_, true))
    log::error("{}: {}; events are being lost", name_,
               refusal_.empty() ? "more kinds of events than are remembered" : refusal_);
  seen_lost_ = totals_.lost;
  if (trouble_.empty() == !seen_trouble_) return;
  seen_trouble_ = !trouble_.empty();
  if (seen_trouble_)
    log::warn("{}: {}; it is tried again", name_, trouble_);
  else
    log::info("{}: messages are taken again", name_);
}

Result<> Webhook::close(const Summary&, std::uint64_t, std::chrono::milliseconds patience) {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    end_ = std::min(end_, Clock::now() + patience);
    wake_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
  const std::lock_guard lock(mutex_);
  for (Group& group : groups_) totals_.lost += std::exchange(group.count, 0);
  if (totals_.lost == 0) return {};
  const std::string& why = !trouble_.empty() ? trouble_ : refusal_;
  return fail(name_ + ": " + (why.empty() ? "" : why + "; ") + std::to_string(totals_.lost) +
              " events are missing from it");
}

WebhookTotals Webhook::totals() const {
  const std::lock_guard lock(mutex_);
  WebhookTotals totals = totals_;
  for (const Group& group : groups_) totals.waiting += group.count;
  return totals;
}

void Webhook::run() {
  std::unique_lock lock(mutex_);
  while (const auto message = next(lock)) {
    lock.unlock();
    deliver(*message);
    lock.lock();
  }
}

/// Waits for a message that may be sent; nothing: there will be none.
std::optional<Webhook::Message> Webhook::next(std::unique_lock<std::mutex>& lock) {
  for (;;) {
    const Clock::time_point now = Clock::now();
    forget(now);
    const Clock::time_point due = closing_ ? now : next_due(), allowed = rate_allows(now);
    if (closing_ && (now >= end_ || allowed >= end_)) return std::nullopt;
    if (due <= now && allowed <= now) {
      if (auto message = take(now)) return message;
      if (closing_) return std::nullopt;
    }
    const Clock::time_point until = std::max(due, allowed);
    if (until == Clock::time_point::max())
      wake_.wait(lock);
    else
      wake_.wait_until(lock, std::min(until, end_));
  }
}

void Webhook::forget(Clock::time_point now) {
  for (auto group = groups_.begin(); group != groups_.end();) {
    if (group->count != 0 || group->due > now) {
      ++group;
      continue;
    }
    by_key_.erase(group->key);
    group = groups_.erase(group);
  }
}

Webhook::Clock::time_point Webhook::rate_allows(Clock::time_point now) {
  while (!sent_.empty() && sent_.front() + options_.minute <= now) sent_.pop_front();
  return sent_.size() < options_.rate ? now : sent_.front() + options_.minute;
}

Webhook::Clock::time_point Webhook::next_due() const {
  Clock::time_point due = loss_.total() != 0 ? loss_due_ : Clock::time_point::max();
  for (const Group& group : groups_) due = std::min(due, group.due);
  return due;
}

/// What is due for longest.
std::optional<Webhook::Message> Webhook::take(Clock::time_point now) {
  if (loss_.total() != 0 && (loss_due_ <= now || closing_)) return loss_message();
  Group* oldest = nullptr;
  for (Group& group : groups_)
    if (group.count != 0 && (closing_ || group.due <= now) &&
        (oldest == nullptr || group.due < oldest->due))
      oldest = &group;
  if (oldest == nullptr) return std::nullopt;
  const std::uint64_t more = oldest->shown ? oldest->count : oldest->count - 1;
  return Message{
      options_.body.fill(oldest->values, oldest->count, more), oldest->count, oldest->key, {}};
}

Webhook::Message Webhook::loss_message() {
  Record gap;
  gap.kind = ASPIS_ASPIS_GAP;
  gap.time = 0;
  gap.loss = &loss_;
  return {options_.body.fill(options_.body.values(gap, options_.context), loss_.total(), 0),
          0,
          {},
          loss_};
}

Webhook::Clock::time_point Webhook::deadline() const {
  const std::lock_guard lock(mutex_);
  return end_;
}

/// Until it is taken, refused, or there is no more time.
void Webhook::deliver(const Message& message) {
  auto wait = options_.first_pause;
  for (;;) {
    const Clock::time_point until = Clock::now() + options_.timeout;
    {
      const std::lock_guard lock(mutex_);
      sent_.push_back(Clock::now());
    }
    const auto answer =
        options_.poster->post(message.body, [&] { return std::min(until, deadline()); });
    if (answer && answer->status / 100 == 2) return settle(message, true, {});
    const std::string why =
        answer ? "the answer is " + std::to_string(answer->status) : answer.error().text();
    if (answer && !may_pass(answer->status)) return settle(message, false, why);
    std::chrono::milliseconds time = wait;
    if (const auto after = answer ? answer->retry_after : std::nullopt)
      time = std::max<std::chrono::milliseconds>(time, std::min(*after, kRetryAfterMax));
    if (!pause(time, why)) return;
    wait = std::min(wait * 2, options_.max_pause);
  }
}

/// False: there is no time for another try.
bool Webhook::pause(std::chrono::milliseconds time, const std::string& why) {
  std::unique_lock lock(mutex_);
  trouble_ = why;
  const Clock::time_point now = Clock::now(), until = std::max(now + time, rate_allows(now));
  while (Clock::now() < until && until < end_) wake_.wait_until(lock, until);
  return until < end_;
}

void Webhook::settle(const Message& message, bool taken, const std::string& why) {
  const std::lock_guard lock(mutex_);
  const Clock::time_point now = Clock::now();
  trouble_.clear();
  (taken ? totals_.told : totals_.lost) += message.count;
  if (taken)
    ++totals_.messages;
  else
    refusal_ = why;
  if (message.key.empty()) {
    loss_ = loss_ - message.loss;
    loss_due_ = now + options_.group;
    return;
  }
  if (!taken) {
    Loss loss;
    loss.output = message.count;
    add_loss(loss);
  }
  Group& group = *by_key_.at(message.key);
  group.count -= message.count;
  group.shown |= taken;
  group.due = now + options_.group;
}

}  // namespace aspis
