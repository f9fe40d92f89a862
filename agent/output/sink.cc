// SPDX-License-Identifier: Apache-2.0
#include "agent/output/sink.h"

#include <algorithm>

namespace aspis {

void Sink::append_due_gap(std::uint64_t time) {
  Record gap;
  gap.kind = ASPIS_ASPIS_GAP;
  gap.time = time;
  gap.loss = &due_;
  formatter_->format(gap, line_);
}

void Sink::note_accepted(bool with_gap, bool event) {
  accepted_bytes_ += line_.size();
  if (with_gap) {
    other_lines_.push_back(lines_++);
    due_ = {};
  }
  if (event) {
    ++lines_;
    ++accepted_;
  }
  if (other_lines_.size() < 64) return;
  const std::uint64_t written = writer_->stats().written;
  while (!other_lines_.empty() && other_lines_.front() < written) other_lines_.pop_front();
}

void Sink::emit(const Record& record) {
  const bool event = record.kind != ASPIS_ASPIS_GAP;
  if (!event && record.loss != nullptr) due_ += *record.loss;
  const bool with_gap = gap_due();
  if (!event && !with_gap) return;
  line_.clear();
  if (with_gap) append_due_gap(record.time);
  if (event) formatter_->format(record, line_);
  if (writer_->push(line_)) return note_accepted(with_gap, event);
  if (!event) return;
  ++refused_;
  ++due_.output;
}

Result<SinkTotals> Sink::close(Summary summary, std::uint64_t now,
                               std::chrono::milliseconds patience) {
  const auto deadline = Writer::Clock::now() + patience;
  const bool with_gap = gap_due();
  line_.clear();
  if (with_gap) append_due_gap(now);
  summary.emitted = accepted_;
  summary.lost.output = refused_;
  Record record;
  record.kind = ASPIS_ASPIS_SUMMARY;
  record.time = now;
  record.summary = &summary;
  formatter_->format(record, line_);
  if (writer_->push_until(line_, deadline)) {
    note_accepted(with_gap, false);
    other_lines_.push_back(lines_++);
  }
  TRYV(writer_->close(deadline));
  return totals();
}

SinkTotals Sink::totals() const {
  const OutputStats stats = writer_->stats();
  const std::uint64_t first_lost = lines_ - stats.lost;
  const auto lost_others = std::ranges::count_if(
      other_lines_, [first_lost](std::uint64_t line) { return line >= first_lost; });
  const std::uint64_t lost_events = stats.lost - static_cast<std::uint64_t>(lost_others);
  return {accepted_ - lost_events, refused_ + lost_events};
}

}  // namespace aspis
