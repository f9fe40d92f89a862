// SPDX-License-Identifier: Apache-2.0
// An output of lines into a file, pipe or terminal, with a filter of its own.
#pragma once

#include <memory>
#include <string>

#include "agent/output/output.h"
#include "agent/output/sink.h"
#include "agent/watch/filter.h"
#include "base/fd.h"
#include "base/result.h"

namespace aspis {

struct LineOutputOptions {
  std::string format = "compact";        ///< of formatters()
  Fd fd;                                 ///< taken over
  std::unique_ptr<WriteTarget> target;   ///< or this
  std::unique_ptr<Formatter> formatter;  ///< instead of `format`
  std::string name;                      ///< for messages: "standard error", or the file's path
  std::size_t queue_bytes = 32U << 20;   ///< rides out a disk that stalls for a moment
  Filter filter;
};

class LineOutput : public Output {
 public:
  static Result<std::unique_ptr<LineOutput>> create(LineOutputOptions options);

  bool wants(const Record& record) override;
  void emit(const Record& record) override { sink_->emit(record); }
  void tick() override;
  [[nodiscard]] std::optional<std::uint64_t> mark() const override {
    return in_trouble_ ? 0 : sink_->accepted_bytes();
  }
  [[nodiscard]] bool has_written(std::uint64_t mark) const override {
    return in_trouble_ || sink_->written_bytes() >= mark;
  }
  [[nodiscard]] bool failed() const override { return failed_; }
  [[nodiscard]] std::uint64_t lost() const override { return sink_->refused(); }
  Result<> close(const Summary& summary, std::uint64_t now,
                 std::chrono::milliseconds patience) override;

 private:
  LineOutput(std::string name, Filter filter, std::unique_ptr<Sink> sink)
      : name_(std::move(name)), filter_(std::move(filter)), sink_(std::move(sink)) {}

  std::string name_;
  Filter filter_;
  std::unique_ptr<Sink> sink_;
  std::uint64_t filtered_ = 0;
  bool in_trouble_ = false, failed_ = false;
};

/// What formatters are told of this machine; `fd`: where the lines go, -1: to no terminal.
FormatContext format_context(int fd);

}  // namespace aspis
