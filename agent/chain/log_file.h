// SPDX-License-Identifier: Apache-2.0
// A log of chained records, written, rotated, compressed and sealed.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "agent/chain/chain.h"
#include "agent/chain/compressor.h"
#include "agent/event/log_notice.h"
#include "agent/output/json.h"
#include "agent/output/write_target.h"
#include "base/fd.h"
#include "base/result.h"

namespace aspis {

struct LogOptions {
  std::string path;
  std::uint64_t rotate_bytes = 100U << 20;
  std::uint64_t rotate_seconds = std::uint64_t{24} * 3600;  ///< 0: not by time
  unsigned keep = 10;  ///< files before the one that is written to
  bool compress = true;
  std::string state;  ///< file that says how far the log has come; empty: none
  std::string key;    ///< file with the key of seals; empty: no seals
  std::uint64_t seal_seconds = 60;
  FormatContext context;
};

/// Lines of JSON become records of a chain. What is told by the log itself (aspis.log): where files
/// begin and end, and that one has been changed behind its back. A full disk, or a directory that
/// is gone, is waited out by the Writer. One thread.
class LogFile : public WriteTarget {
 public:
  /// Goes on where the log ended. Fails if another process writes it.
  static Result<std::unique_ptr<LogFile>> open(LogOptions options);
  /// Says that it is closed, and seals it.
  ~LogFile() override;

  Outcome write_some(std::string_view bytes, std::chrono::milliseconds patience) override;
  void idle() override;

 private:
  explicit LogFile(LogOptions options)
      : options_(std::move(options)), formatter_(options_.context) {}

  struct State {
    ChainEnd end;
    std::uint64_t file = 0;
  };
  [[nodiscard]] std::optional<State> read_state() const;
  Result<> keep_state();
  Result<> open_file(bool at_start);
  Result<> find_end(const std::optional<State>& state);
  [[nodiscard]] Result<std::string> last_line(std::uint64_t size);
  [[nodiscard]] bool contains(std::string_view text) const;
  void note(LogNotice::What what, const std::string& path = {}, const std::string& seal = {});
  int write_pending();
  void look_after(bool idle);
  void seal(SealKey& key);
  void rotate();
  void begin_compressing();
  void compress(std::size_t bytes);
  void remove_oldest();
  [[nodiscard]] bool is_still_there() const;

  LogOptions options_;
  JsonFormatter formatter_;
  Fd fd_;
  struct stat identity_{};
  std::uint64_t file_ = 1;   ///< its number
  std::uint64_t bytes_ = 0;  ///< in it
  std::uint64_t began_ = 0;  ///< ns, CLOCK_BOOTTIME
  ChainEnd end_;             ///< of what is in pending_, too
  std::uint64_t torn_ = 0;
  bool lost_ = false;      ///< the end that the state speaks of is not in the file
  std::string pending_;    ///< chained, not yet written
  std::size_t taken_ = 0;  ///< bytes of lines that pending_ stands for
  Compressor compressor_;  ///< of what was rotated
  std::optional<SealKey> key_;
  ChainEnd sealed_, kept_;
  std::uint64_t next_look_ = 0, next_seal_ = 0;
};

}  // namespace aspis
