// SPDX-License-Identifier: Apache-2.0
#include "agent/output/writer.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "agent/output/write_target.h"

namespace aspis {
namespace {

constexpr std::chrono::milliseconds kPatience{100};
constexpr std::chrono::seconds kIdle{1};
/// Room that the two buffers keep, each. They swap places all the time, and would both stay as
/// large as the longest queue has ever been.
constexpr std::size_t kRoomKept = std::size_t{1} << 20;

std::uint64_t count_lines(std::string_view text) {
  std::uint64_t lines = 0;
  const char* const end = text.data() + text.size();
  for (const char* at = text.data(); at != end; ++at) {  // by memchr: std::count goes byte by byte
    at = static_cast<const char*>(std::memchr(at, '\n', static_cast<std::size_t>(end - at)));
    if (at == nullptr) break;
    ++lines;
  }
  return lines;
}

bool may_pass(int code) {
  return code == ENOSPC || code == EDQUOT || code == ENOENT || code == ECONNREFUSED ||
         code == ENOTCONN || code == ECONNRESET || code == ENETUNREACH || code == EHOSTUNREACH ||
         code == ETIMEDOUT;
}

}  // namespace

Result<std::unique_ptr<Writer>> Writer::create(Fd fd, const WriterOptions& options) {
  return std::make_unique<Writer>(TRY(write_to(std::move(fd))), options);
}

Writer::Writer(std::unique_ptr<WriteTarget> target, const WriterOptions& options)
    : options_(options), target_(std::move(target)) {
  // Signals are for the main thread; a SIGPIPE of our own stays pending here and does no harm.
  sigset_t all, previous;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &previous);
  thread_ = std::thread([this] { run(); });
  pthread_sigmask(SIG_SETMASK, &previous, nullptr);
}

Writer::~Writer() {
  if (thread_.joinable()) (void)close(Clock::now() + std::chrono::seconds(1));
}

bool Writer::push_locked(std::string_view lines) {
  if (failed_ || closing_) return false;
  const std::size_t queued = pending_.size() + in_flight_;
  if (queued != 0 && queued + lines.size() > options_.capacity) return false;
  pending_ += lines;
  return true;
}

bool Writer::push(std::string_view lines) {
  std::unique_lock lock(mutex_);
  if (!push_locked(lines)) return false;
  const bool wake = std::exchange(waiting_, false);
  lock.unlock();
  if (wake) wake_.notify_one();
  return true;
}

bool Writer::push_until(std::string_view lines, Clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  while (!push_locked(lines)) {
    if (failed_ || closing_) return false;
    if (space_.wait_until(lock, deadline) == std::cv_status::timeout) return push_locked(lines);
  }
  waiting_ = false;
  wake_.notify_one();
  return true;
}

Result<> Writer::close(Clock::time_point deadline) {
  {
    std::unique_lock lock(mutex_);
    closing_ = true;
    deadline_ = std::min(deadline_, deadline);
    wake_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
  std::unique_lock lock(mutex_);
  if (stats_.lost == 0) return {};
  Error error = error_.value_or(Error{"the reader of the output was too slow", 0});
  error.message = "output: " + std::to_string(stats_.lost) + " of " +
                  std::to_string(stats_.lost + stats_.written) +
                  " lines not written: " + error.message;
  return tl::unexpected(std::move(error));
}

OutputStats Writer::stats() const {
  std::unique_lock lock(mutex_);
  return stats_;
}

std::optional<Error> Writer::error() const {
  std::unique_lock lock(mutex_);
  return error_;
}

std::optional<Error> Writer::trouble() const {
  std::unique_lock lock(mutex_);
  return trouble_;
}

bool Writer::failed() const {
  std::unique_lock lock(mutex_);
  return failed_;
}

void Writer::run() {
  std::string batch;
  while (next_batch(batch)) write_batch(batch);
}

/// Waits for lines; false when there will be none.
bool Writer::next_batch(std::string& batch) {
  batch.clear();
  if (batch.capacity() > kRoomKept) std::string().swap(batch);
  std::unique_lock lock(mutex_);
  while (pending_.empty() && !closing_ && !failed_) {
    waiting_ = true;
    if (wake_.wait_for(lock, kIdle) != std::cv_status::timeout) continue;
    lock.unlock();
    target_->idle();
    lock.lock();
  }
  if (pending_.empty()) return false;
  std::swap(batch, pending_);
  in_flight_ = batch.size();
  return true;
}

bool Writer::expired() const {
  std::unique_lock lock(mutex_);
  return Clock::now() >= deadline_;
}

void Writer::write_batch(std::string_view batch) {
  while (!batch.empty()) {
    const auto [written, code] = target_->write_some(batch, kPatience);
    account(batch.substr(0, written));
    batch.remove_prefix(written);
    if (batch.empty()) return;
    if ((code != 0 && code != EAGAIN && !after_error(code)) || expired()) return give_up(batch);
  }
}

void Writer::account(std::string_view written) {
  const std::uint64_t lines = count_lines(written);
  std::unique_lock lock(mutex_);
  stats_.written += lines;
  stats_.written_bytes += written.size();
  in_flight_ -= written.size();
  if (!written.empty()) trouble_.reset();
  space_.notify_all();
}

/// Counts the rest of the batch, and all that is queued, as lost. For good.
void Writer::give_up(std::string_view rest) {
  std::unique_lock lock(mutex_);
  stats_.lost += count_lines(rest) + count_lines(pending_);
  stats_.lost_bytes += rest.size() + pending_.size();
  in_flight_ = 0;
  pending_.clear();
  failed_ = true;
  space_.notify_all();
}

/// Remembers the error; true, after a pause, if it is worth another try.
bool Writer::after_error(int code) {
  std::unique_lock lock(mutex_);
  trouble_ = Error{"write", code};
  if (!error_) error_ = trouble_;
  if (!may_pass(code) || closing_) return false;
  wake_.wait_for(lock, options_.retry, [this] { return closing_; });
  return true;
}

}  // namespace aspis
