// SPDX-License-Identifier: Apache-2.0
#include "tsdb/series_merge.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/error.h"
#include "storage/sample_merge.h"
#include "tsdb/chunk_reader.h"
#include "tsdb/histogram_reader.h"

// Chunks are taken in order of their first sample. What is decoded waits until no input can bring an earlier sample;
// then it is mixed, the first input winning, and goes behind the samples that are to be encoded. So no more is decoded
// at one time than overlaps, and a tail that waits for a full chunk.

namespace mcore {
namespace {

constexpr std::size_t kCopied = static_cast<std::size_t>(-1);
/// Samples that are gathered before they are encoded: the last chunk of each batch is encoded twice.
constexpr std::size_t kBatchChunks = 16;
constexpr std::size_t kBatchHistograms = 256;

constexpr bool is_float(std::uint8_t encoding) noexcept {
  return encoding == static_cast<std::uint8_t>(ChunkEncoding::kXor) ||
         encoding == static_cast<std::uint8_t>(ChunkEncoding::kXor2);
}

/// Moves the samples before `t_ms` of one column pair to the end of another.
template <typename Value>
void move_before(std::int64_t t_ms, std::vector<std::int64_t>& from_t, std::vector<Value>& from,
                 std::vector<std::int64_t>& to_t, std::vector<Value>& to) {
  const auto count = std::ranges::lower_bound(from_t, t_ms) - from_t.begin();
  to_t.insert(to_t.end(), from_t.begin(), from_t.begin() + count);
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.begin() + count));
  from_t.erase(from_t.begin(), from_t.begin() + count);
  from.erase(from.begin(), from.begin() + count);
}

void move_before(std::int64_t t_ms, SeriesSamples& from, SeriesSamples& to) {
  move_before(t_ms, from.t_ms, from.value, to.t_ms, to.value);
  move_before(t_ms, from.histogram_t_ms, from.histogram, to.histogram_t_ms, to.histogram);
}

bool overlaps(std::span<const TimeRange> ranges, TimeRange range) noexcept {
  return std::ranges::any_of(ranges, [range](const TimeRange& other) { return other.overlaps(range); });
}

/// The first and the last time of what was appended behind the given sizes.
TimeRange appended(const SeriesSamples& samples, std::size_t floats, std::size_t histograms) noexcept {
  TimeRange range{std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()};
  const auto widen = [&range](const std::vector<std::int64_t>& t_ms, std::size_t from) {
    if (t_ms.size() > from) {
      range = {std::min(range.min_t_ms, t_ms[from]), std::max(range.max_t_ms, t_ms.back())};
    }
  };
  widen(samples.t_ms, floats);
  widen(samples.histogram_t_ms, histograms);
  return range;
}

Error damage(const BlockReader& block, const ChunkMeta& chunk, std::string_view why) {
  return {ErrorKind::kCorrupt, "read chunk", block.folder(),
          fmt::format("{} in segment {} at byte {}", why, ChunkSegments::segment_of(chunk.ref) + 1,
                      chunk.ref & 0xFFFF'FFFFU)};
}

}  // namespace

SeriesMerger::SeriesMerger(std::size_t float_samples)
    : float_samples_(std::max<std::size_t>(float_samples, 1)), cutter_({.float_samples = float_samples_}) {}

std::span<const ChunkToWrite> SeriesMerger::merge(std::span<const SeriesPart> parts) {
  bytes_.clear();
  chunks_.clear();
  places_.clear();
  open(parts);
  while (head_ < queue_.size()) {
    take_chunk(*queue_[head_]);
    advance();
    drain();
  }
  flush(true);
  for (std::size_t i = 0; i < chunks_.size(); ++i) {
    if (places_[i] != kCopied) {
      chunks_[i].bytes = std::string_view(bytes_).substr(places_[i], chunks_[i].bytes.size());
    }
  }
  return chunks_;
}

void SeriesMerger::open(std::span<const SeriesPart> parts) {
  inputs_.resize(std::max(inputs_.size(), parts.size()));
  queue_.clear();
  head_ = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    Input& input = inputs_[i];
    input.part = &parts[i];
    input.next = 0;
    input.deleted = parts[i].deleted;
    for (const TimeRange& range : parts[i].cursor->deleted()) {
      input.deleted.add(range);
    }
    report_outside(input);
    queue_.push_back(&input);
  }
  const auto earlier = [](const Input* a, const Input* b) { return a->next_t_ms() < b->next_t_ms(); };
  if (!std::ranges::is_sorted(queue_, earlier)) {  // as a rule blocks follow one another
    std::ranges::stable_sort(queue_, earlier);
  }
}

void SeriesMerger::report_outside(const Input& input) const {
  const BlockReader& block = *input.part->block;
  for (const ChunkMeta& chunk : input.chunks()) {
    if (chunk.min_t_ms < block.meta().min_t_ms || chunk.max_t_ms >= block.meta().end_t_ms) {
      input.part->cursor->report(
          damage(block, chunk,
                 fmt::format("samples from {} to {} outside of the block's range [{}, {})", chunk.min_t_ms,
                             chunk.max_t_ms, block.meta().min_t_ms, block.meta().end_t_ms)));
    }
  }
}

/// Goes on behind the chunk in front, and puts the input where its next one belongs.
void SeriesMerger::advance() noexcept {
  ++queue_[head_]->next;
  if (queue_[head_]->chunks().empty()) {
    ++head_;
    return;
  }
  for (std::size_t i = head_; next_t_ms(i + 1) < next_t_ms(i); ++i) {
    std::swap(queue_[i], queue_[i + 1]);
  }
}

/// Requires: the input is in front.
void SeriesMerger::take_chunk(Input& input) {
  const ChunkMeta& chunk = input.chunks()[0];
  const TimeRange range{chunk.min_t_ms, chunk.max_t_ms};
  if (input.deleted.covers(range)) {
    return;
  }
  const std::optional<ChunkBytes> bytes = input.part->cursor->chunk(chunk);
  if (!bytes) {
    return;
  }
  const bool is_alone = waiting_.empty() && next_t_ms(head_ + 1) > chunk.max_t_ms;
  const bool is_whole = is_alone && !overlaps(input.deleted.ranges(), range);
  if (is_whole && is_worth_copying(*bytes)) {
    copy(chunk, *bytes);
  } else if (is_whole) {
    decode(input, chunk, *bytes, pending_);
    flush_batch();
  } else {
    if (input.waiting.empty()) {
      waiting_.insert(std::ranges::upper_bound(waiting_, &input), &input);
    }
    decode(input, chunk, *bytes, input.waiting);
  }
}

/// Long chunks stay as they are, unless a short tail before them needs company.
bool SeriesMerger::is_worth_copying(const ChunkBytes& bytes) const noexcept {
  const std::optional<std::uint32_t> count = chunk_sample_count(bytes.encoding, bytes.data);
  if (!count || *count == 0) {
    return false;  // damaged: decoding will say how
  }
  if (!is_float(bytes.encoding)) {
    return true;
  }
  const bool is_long = *count >= float_samples_ - float_samples_ / 4;
  const bool has_short_tail = !pending_.empty() && pending_.size() < float_samples_ / 2;
  return bytes.encoding != static_cast<std::uint8_t>(ChunkEncoding::kXor) || (is_long && !has_short_tail);
}

void SeriesMerger::copy(const ChunkMeta& chunk, const ChunkBytes& bytes) {
  flush(true);
  chunks_.push_back({.encoding = bytes.encoding,
                     .min_t_ms = chunk.min_t_ms,
                     .max_t_ms = chunk.max_t_ms,
                     .bytes = bytes.data,
                     .samples = *chunk_sample_count(bytes.encoding, bytes.data)});
  places_.push_back(kCopied);
}

/// Appends what a chunk holds and what is not deleted of it.
void SeriesMerger::decode(const Input& input, const ChunkMeta& chunk, const ChunkBytes& bytes, SeriesSamples& out) {
  const std::size_t floats = out.t_ms.size();
  const std::size_t histograms = out.histogram.size();
  const TimeRange range{chunk.min_t_ms, chunk.max_t_ms};
  const ChunkState state = decode_chunk(bytes.encoding, bytes.data, range, out);
  if (state != ChunkState::kWhole) {
    input.part->cursor->report(damage(*input.part->block, chunk, chunk_fault(state)));
  } else if (appended(out, floats, histograms) != range) {
    input.part->cursor->report(damage(*input.part->block, chunk, "other times than the index says"));
  }
  if (overlaps(input.deleted.ranges(), range)) {
    remove_deleted(out, input.deleted.ranges());
  }
  if (out.histogram.size() > histograms && out.histogram[histograms].hint == CounterResetHint::kUnknown &&
      HistogramChunkReader(static_cast<ChunkEncoding>(bytes.encoding), bytes.data).header_hint() ==
          CounterResetHint::kReset) {
    out.histogram[histograms].hint = CounterResetHint::kReset;  // not always to be seen from the counts
  }
}

/// Moves on what no chunk can precede any more.
void SeriesMerger::drain() {
  if (waiting_.empty()) {
    return;
  }
  const bool is_last = head_ == queue_.size();
  for (Input* const input : waiting_) {
    if (is_last) {
      std::swap(early_, input->waiting);
    } else {
      move_before(next_t_ms(head_), input->waiting, early_);
    }
    merge_samples(mixed_, std::move(early_));
    early_.clear();
  }
  std::erase_if(waiting_, [](const Input* input) { return input->waiting.empty(); });
  merge_samples(pending_, std::move(mixed_));
  mixed_.clear();
  flush_batch();
}

void SeriesMerger::flush_batch() {
  if (pending_.t_ms.size() >= kBatchChunks * float_samples_ || pending_.histogram.size() >= kBatchHistograms) {
    flush(false);
  }
}

/// Encodes what is pending; not `all`: but for the last chunk, which may grow.
void SeriesMerger::flush(bool all) {
  if (pending_.empty()) {
    return;
  }
  // The end of a series in chunks of one length: no short one at the end.
  const std::size_t floats = pending_.t_ms.size();
  const std::size_t pieces = std::max<std::size_t>((floats + float_samples_ / 2) / float_samples_, 1);
  cutter_.set_float_samples(all ? std::max<std::size_t>((floats + pieces - 1) / pieces, 1) : float_samples_);
  const std::span<const EncodedChunk> chunks = cutter_.cut(pending_);
  const EncodedChunk& last = chunks.back();
  for (const EncodedChunk& chunk : chunks.first(chunks.size() - (all ? 0 : 1))) {
    keep(chunk);
  }
  if (all) {
    pending_.clear();
    return;
  }
  move_before(last.min_t_ms, pending_, early_);
  early_.clear();
  if (last.encoding != ChunkEncoding::kXor && pending_.histogram[0].hint != CounterResetHint::kGauge &&
      HistogramChunkReader(last.encoding, last.bytes).header_hint() == CounterResetHint::kReset) {
    pending_.histogram[0].hint = CounterResetHint::kReset;  // it will be cut again, without the sample before
  }
}

void SeriesMerger::keep(const EncodedChunk& chunk) {
  places_.push_back(bytes_.size());
  bytes_ += chunk.bytes;
  chunks_.push_back({.encoding = static_cast<std::uint8_t>(chunk.encoding),
                     .min_t_ms = chunk.min_t_ms,
                     .max_t_ms = chunk.max_t_ms,
                     .bytes = chunk.bytes,
                     .samples = chunk.sample_count});
}

}  // namespace mcore
