// SPDX-License-Identifier: Apache-2.0
#include "agent/chain/log_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "agent/chain/log_parts.h"
#include "base/log.h"

namespace aspis {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::size_t kBatch = 256 << 10;  // of lines that are chained at a time
// Bytes of the file before that are compressed with each byte of this one: done long before the
// next.
constexpr std::uint64_t kCompressedWith = 2;
constexpr std::uint64_t kIdleWork = kSecond / 20;  // the next lines wait no longer for it

std::uint64_t now_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * kSecond + static_cast<std::uint64_t>(now.tv_nsec);
}

}  // namespace

Result<std::unique_ptr<LogFile>> LogFile::open(LogOptions options) {
  std::unique_ptr<LogFile> log(new LogFile(std::move(options)));
  if (!log->options_.key.empty()) {
    std::ifstream file(log->options_.key);
    std::stringstream text;
    if (!file || !(text << file.rdbuf()))
      return fail_errno(log->options_.key + ": no key for seals (aspis log key makes one)");
    log->key_ = seal_key_from_text(text.str());
    if (!log->key_) return fail(log->options_.key + ": not a key for seals (aspis log key)");
  }
  log->next_seal_ = now_ns() + log->options_.seal_seconds * kSecond;
  TRYV(log->open_file(true));
  log->begin_compressing();
  return log;
}

std::optional<LogFile::State> LogFile::read_state() const {
  std::ifstream file(options_.state);
  State state;
  std::string hash;
  if (!(file >> state.end.record >> hash >> state.file)) return std::nullopt;
  const auto value = hash_from_hex(hash);
  if (!value) return std::nullopt;
  state.end.hash = *value;
  return state;
}

/// After what it says is in the file: a crash in between leaves a state that is too old, and its
/// end is found in the file.
Result<> LogFile::keep_state() {
  if (options_.state.empty() || kept_ == end_) return {};
  TRYV(replace_text(options_.state, std::to_string(end_.record) + " " + hex_of(end_.hash) + " " +
                                        std::to_string(file_) + "\n"));
  kept_ = end_;
  return {};
}

Result<> LogFile::open_file(bool at_start) {
  std::error_code failure;
  std::filesystem::create_directories(std::filesystem::path(options_.path).parent_path(), failure);
  fd_.reset();  // and with it its lock, as this may be the same file
  Fd fd(::open(options_.path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!fd.valid()) return fail_errno(options_.path);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0)
    return fail_errno(options_.path + ": another process writes this log");
  if (::fstat(fd.get(), &identity_) != 0) return fail_errno(options_.path);
  fd_ = std::move(fd);
  bytes_ = static_cast<std::uint64_t>(identity_.st_size);
  began_ = now_ns();
  torn_ = 0;
  lost_ = false;
  if (at_start) TRYV(find_end(read_state()));
  if (lost_) {
    log::error(
        "{}: the log does not end as this agent's last one left it: somebody has changed "
        "it",
        options_.path);
    note(LogNotice::What::kLost);
  }
  note(LogNotice::What::kOpened);
  return {};
}

/// Where the chain goes on: at the last record of the file, or where the state says that it was, if
/// that is gone.
Result<> LogFile::find_end(const std::optional<State>& state) {
  const auto parts = rotated_parts(options_.path);
  file_ = parts.empty() ? 1 : parts.back().number + 1;
  if (state) file_ = std::max(file_, state->file);
  const auto last = bytes_ == 0 ? std::nullopt : read_record(TRY(last_line(bytes_)));
  if (last) end_ = {last->record, last->hash};
  if (!state) return {};
  // The file of the state was rotated, and the agent ended before it had begun the next.
  const bool rotated = bytes_ == 0 && !parts.empty() && parts.back().number == state->file;
  if (!last && rotated) file_ = state->file + 1;
  lost_ = !rotated && end_ != state->end && !contains(hex_of(state->end.hash));
  if (lost_ || !last) end_ = state->end;
  return {};
}

/// The last one that has a newline. What comes after it, torn_ bytes, gets one.
Result<std::string> LogFile::last_line(std::uint64_t size) {
  constexpr std::uint64_t kPiece = 64 << 10;
  std::string tail;
  for (std::uint64_t at = size; at > 0;) {
    const std::uint64_t length = std::min(kPiece, at);
    at -= length;
    std::string piece(length, '\0');
    if (::pread(fd_.get(), piece.data(), length, static_cast<off_t>(at)) !=
        static_cast<ssize_t>(length))
      return fail_errno(options_.path);
    tail.insert(0, piece);
    const std::size_t end = tail.rfind('\n');
    if (end == std::string::npos && at > 0) continue;
    const std::size_t begin =
        end == std::string::npos || end == 0 ? std::string::npos : tail.rfind('\n', end - 1);
    if (begin == std::string::npos && at > 0) continue;
    torn_ = tail.size() - (end == std::string::npos ? 0 : end + 1);
    if (torn_ != 0) pending_ = "\n";
    if (end == std::string::npos) return std::string();
    return tail.substr(begin == std::string::npos ? 0 : begin + 1,
                       end - (begin == std::string::npos ? 0 : begin + 1));
  }
  return std::string();
}

bool LogFile::contains(std::string_view text) const {
  if (bytes_ == 0) return false;
  void* mapped = ::mmap(nullptr, bytes_, PROT_READ, MAP_SHARED, fd_.get(), 0);
  if (mapped == MAP_FAILED) return false;
  const bool found = ::memmem(mapped, bytes_, text.data(), text.size()) != nullptr;
  ::munmap(mapped, bytes_);
  return found;
}

void LogFile::note(LogNotice::What what, const std::string& path, const std::string& seal) {
  LogNotice notice;
  notice.what = what;
  notice.path = path.empty() ? options_.path : path;
  notice.file = file_;
  if (what == LogNotice::What::kOpened) {
    if (end_.record != 0) notice.previous = hex_of(end_.hash);
    notice.torn = torn_;
  } else if (what == LogNotice::What::kSealed) {
    notice.epoch = key_->epoch;
    notice.seal = seal;
  }
  Record record;
  record.kind = ASPIS_ASPIS_LOG;
  record.time = now_ns();
  record.log = &notice;
  std::string line;
  formatter_.format(record, line);
  line.pop_back();
  append_record(end_, line, pending_);
}

/// Writes what is pending, whole lines or parts of them. An errno, 0 if all of it is written.
int LogFile::write_pending() {
  if (!fd_.valid()) return ENOENT;
  while (!pending_.empty()) {
    const ssize_t written = ::write(fd_.get(), pending_.data(), pending_.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    pending_.erase(0, static_cast<std::size_t>(written));
    bytes_ += static_cast<std::uint64_t>(written);
  }
  return 0;
}

WriteTarget::Outcome LogFile::write_some(std::string_view bytes, std::chrono::milliseconds) {
  look_after(false);
  if (taken_ == 0) {
    // All lines if they are few; a line is never taken in part.
    const std::size_t end = bytes.size() <= kBatch ? bytes.rfind('\n') : bytes.find('\n', kBatch);
    if (end == std::string_view::npos) return {bytes.size(), 0};  // cannot be: lines are whole
    taken_ = end + 1;
    for (std::string_view rest = bytes.substr(0, taken_); !rest.empty();) {
      const std::size_t line = rest.find('\n');
      append_record(end_, rest.substr(0, line), pending_);
      rest.remove_prefix(line + 1);
    }
  }
  const std::uint64_t before = bytes_;
  if (const int error = write_pending(); error != 0) return {0, error};
  compress(kCompressedWith * (bytes_ - before));
  return {std::exchange(taken_, 0), 0};
}

bool LogFile::is_still_there() const {
  struct stat status{};
  return ::stat(options_.path.c_str(), &status) == 0 && status.st_ino == identity_.st_ino &&
         status.st_dev == identity_.st_dev && static_cast<std::uint64_t>(status.st_size) >= bytes_;
}

/// What is due once a second. Between records: pending_ may have some that could not be written.
void LogFile::look_after(bool idle) {
  const std::uint64_t now = now_ns();
  if (!idle && now < next_look_) return;
  next_look_ = now + kSecond;
  if (!fd_.valid() || !is_still_there()) {
    if (fd_.valid()) {
      log::error("{}: somebody has removed, replaced or cut this log; it goes on in a new file",
                 options_.path);
      note(LogNotice::What::kLost);
      ++file_;
    }
    if (const auto opened = open_file(false); !opened) {
      log::debug("{}", opened.error().text());
      return;
    }
  }
  if (write_pending() != 0) return;
  if (key_ && now >= next_seal_ && sealed_ != end_) seal(*key_);
  if (bytes_ >= options_.rotate_bytes ||
      (options_.rotate_seconds != 0 && now_ns() - began_ >= options_.rotate_seconds * kSecond))
    rotate();
  if (write_pending() != 0) return;
  if (const auto kept = keep_state(); !kept) log::debug("{}", kept.error().text());
}

/// The key is destroyed with its use: first the next one is kept, then the seal is written.
void LogFile::seal(SealKey& key) {
  const std::string mac = hex_of(key.seal(end_));
  SealKey next = key;
  next.advance();
  if (const auto kept = replace_text(options_.key, text_of(next) + "\n"); !kept) {
    log::debug("{}", kept.error().text());
    return;
  }
  note(LogNotice::What::kSealed, "", mac);
  key = next;
  sealed_ = end_;
  next_seal_ = now_ns() + options_.seal_seconds * kSecond;
}

void LogFile::rotate() {
  note(LogNotice::What::kRotated);
  if (write_pending() != 0) return;
  const std::string name = part_name(options_.path, file_);
  if (std::rename(options_.path.c_str(), name.c_str()) != 0) {
    log::error("{}", Error{name, errno}.text());
    return;
  }
  ++file_;
  if (const auto opened = open_file(false); !opened) log::error("{}", opened.error().text());
  remove_oldest();
  begin_compressing();
}

/// With the oldest that is not compressed, also one that an agent before this has left, as it was
/// killed.
void LogFile::begin_compressing() {
  if (!options_.compress || compressor_.busy()) return;
  const auto parts = rotated_parts(options_.path);
  const auto plain = std::ranges::find_if(
      parts, [](const LogPart& part) { return !part.path.ends_with(kCompressed); });
  if (plain == parts.end()) return;
  if (const auto begun = compressor_.begin(plain->path); !begun)
    log::warn("{}", begun.error().text());
}

void LogFile::compress(std::size_t bytes) {
  if (!compressor_.busy()) return;
  const auto stepped = compressor_.step(bytes);
  if (!stepped)
    log::warn("{}", stepped.error().text());  // it stays as it is, until the next is rotated
  else if (!compressor_.busy())
    begin_compressing();
}

void LogFile::idle() {
  look_after(true);
  for (const std::uint64_t until = now_ns() + kIdleWork; compressor_.busy() && now_ns() < until;)
    compress(kBatch);
}

void LogFile::remove_oldest() {
  const auto parts = rotated_parts(options_.path);
  for (std::size_t i = 0; i + options_.keep < parts.size(); ++i) {
    note(LogNotice::What::kRemoved, parts[i].path);
    if (parts[i].path == compressor_.file()) compressor_.drop();
    ::unlink(parts[i].path.c_str());
  }
}

LogFile::~LogFile() {
  if (!fd_.valid()) return;
  note(LogNotice::What::kClosed);
  if (key_) seal(*key_);
  if (write_pending() == 0) (void)keep_state();
  if (const auto finished = compressor_.finish(); !finished)
    log::warn("{}", finished.error().text());
}

}  // namespace aspis
