// SPDX-License-Identifier: Apache-2.0
#include "agent/control/stream.h"

namespace aspis {
namespace {

/// Larger ones would hold up the next event of a reader that is not slow.
constexpr std::size_t kChunkMax = 64U << 10;

}  // namespace

void Stream::emit(const Record& record) {
  if (record.kind == ASPIS_ASPIS_GAP && record.loss != nullptr)
    emitted_ += *record.loss;
  else
    ++emitted_.output;
  formatter_->format(record, open_);
  if (open_.size() >= kChunkMax) seal();
}

void Stream::seal() {
  if (open_.empty()) return;
  bytes_ += open_.size();
  chunks_.push_back({std::make_shared<Chunk>(Chunk{std::exchange(open_, {})}), sealed_, emitted_});
  sealed_ = emitted_;
  while (bytes_ > capacity_ && chunks_.size() > 1) drop_oldest();
}

void Stream::drop_oldest() {
  bytes_ -= chunks_.front().chunk->lines.size();
  chunks_.pop_front();
  ++first_;
}

void Stream::forget(std::uint64_t chunk) {
  while (first_ < chunk && !chunks_.empty()) drop_oldest();
}

std::shared_ptr<const Chunk> Stream::next(Place& place, std::uint64_t now) {
  if (place.chunk >= first_ + chunks_.size()) return nullptr;
  if (place.chunk < first_) {
    const Kept& oldest = chunks_.front();
    const Loss loss = oldest.before - place.before;
    place = {first_, oldest.before};
    lost_ += loss.output;
    Record gap;
    gap.kind = ASPIS_ASPIS_GAP;
    gap.time = now;
    gap.loss = &loss;
    auto said = std::make_shared<Chunk>();
    formatter_->format(gap, said->lines);
    return said;
  }
  const Kept& kept = chunks_[place.chunk - first_];
  place = {place.chunk + 1, kept.after};
  return kept.chunk;
}

}  // namespace aspis
