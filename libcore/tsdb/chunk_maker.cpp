// SPDX-License-Identifier: Apache-2.0
#include "tsdb/chunk_maker.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <iterator>

#include "base/bytes.h"

namespace mcore {
namespace {

constexpr std::uint32_t kChunkSamples = 120;
constexpr std::size_t kHistogramBytes = 1024;
constexpr std::uint32_t kHistogramSamples = 10;
constexpr std::size_t kLateFloats = 4 * kChunkSamples;
constexpr std::size_t kLateHistograms = 64;

constexpr std::size_t kSlabUnit = 128;
constexpr std::size_t kPageUnits = 2048;
/// A sample, and what a writer may store behind it: with this much left xor_append() takes its fast way.
constexpr std::size_t kSampleRoomBits = 232;

constexpr std::size_t slab_size(std::uint8_t slab_class) noexcept {
  return kSlabUnit << slab_class;
}

}  // namespace

void each_chunk_window(const SeriesSamples& samples, const std::function<void(const SeriesSamples&)>& take) {
  SeriesSamples part;
  std::size_t float_at = 0;
  std::size_t histogram_at = 0;
  while (float_at < samples.t_ms.size() || histogram_at < samples.histogram_t_ms.size()) {
    std::int64_t first = INT64_MAX;
    if (float_at < samples.t_ms.size()) {
      first = samples.t_ms[float_at];
    }
    if (histogram_at < samples.histogram_t_ms.size()) {
      first = std::min(first, samples.histogram_t_ms[histogram_at]);
    }
    const std::int64_t start = aligned_start(first);
    part.clear();
    for (; float_at < samples.t_ms.size() && aligned_start(samples.t_ms[float_at]) == start; ++float_at) {
      part.t_ms.push_back(samples.t_ms[float_at]);
      part.value.push_back(samples.value[float_at]);
    }
    for (; histogram_at < samples.histogram_t_ms.size() && aligned_start(samples.histogram_t_ms[histogram_at]) == start;
         ++histogram_at) {
      part.histogram_t_ms.push_back(samples.histogram_t_ms[histogram_at]);
      part.histogram.push_back(samples.histogram[histogram_at]);
    }
    take(part);
  }
}

ChunkMaker::ChunkMaker(ChunkSpool& spool)
    : spool_(spool), cutter_({.float_samples = kChunkSamples, .windows = XorWindows::kServer}) {}

ChunkMaker::~ChunkMaker() = default;

std::size_t ChunkMaker::memory() const noexcept {
  constexpr std::size_t kHistogramWriter = 2048;  // about
  return open_.capacity() * sizeof(Open) + pages_.size() * kPageUnits * kSlabUnit +
         histograms_.size() * kHistogramWriter + late_samples_ * sizeof(std::pair<std::int64_t, double>);
}

ChunkMaker::Open& ChunkMaker::open_of(std::uint32_t series) {
  if (series >= open_.size()) {
    open_.resize(series + std::size_t{1});
  }
  return open_[series];
}

char* ChunkMaker::slab_bytes(std::uint32_t slab) const noexcept {
  return pages_[slab / kPageUnits].get() + (slab % kPageUnits) * kSlabUnit;
}

std::uint32_t ChunkMaker::take_slab(std::uint8_t slab_class) {
  std::vector<std::uint32_t>& free = free_slabs_[slab_class];
  if (!free.empty()) {
    const std::uint32_t slab = free.back();
    free.pop_back();
    return slab;
  }
  const auto units = static_cast<std::uint32_t>(slab_size(slab_class) / kSlabUnit);
  if (pages_.empty() || page_used_ + units > kPageUnits) {
    pages_.push_back(std::make_unique_for_overwrite<char[]>(kPageUnits * kSlabUnit));
    page_used_ = 0;
  }
  const auto slab = static_cast<std::uint32_t>((pages_.size() - 1) * kPageUnits + page_used_);
  page_used_ += units;
  return slab;
}

void ChunkMaker::widen(Open& open) {
  const std::uint32_t wider = take_slab(open.slab_class + 1);
  std::memcpy(slab_bytes(wider), slab_bytes(open.slab), slab_size(open.slab_class));
  free_slabs_[open.slab_class].push_back(open.slab);
  open.slab = wider;
  ++open.slab_class;
}

void ChunkMaker::append(std::uint32_t series, std::span<const std::int64_t> t_ms, std::span<const double> value) {
  Open& open = open_of(series);
  for (std::size_t i = 0; i < t_ms.size(); ++i) {
    if (open.kind == Kind::kFloat) {
      char* const buffer = slab_bytes(open.slab);
      const std::size_t bits = slab_size(open.slab_class) * 8;
      while (t_ms[i] > open.xor_state.t_ms && t_ms[i] < open.end_t_ms && open.xor_state.count < kChunkSamples &&
             open.bit + kSampleRoomBits <= bits) {
        open.bit = static_cast<std::uint32_t>(xor_append(buffer, open.bit, bits, open.xor_state, t_ms[i], value[i]));
        if (++i == t_ms.size()) {
          return;
        }
      }
    }
    append_slowly(open, series, t_ms[i], value[i]);
  }
}

/// Takes what needs a decision: the first sample of a chunk, one that the slab has no room for, one that is late.
void ChunkMaker::append_slowly(Open& open, std::uint32_t series, std::int64_t t_ms, double value) {
  if (open.kind != Kind::kNone && t_ms <= open.xor_state.t_ms) {
    if (open.kind == Kind::kFloat && t_ms == open.xor_state.t_ms &&
        std::bit_cast<std::uint64_t>(value) == open.xor_state.value_bits) {
      ++tally_.repeated;
    } else {
      add_late(series, t_ms, value);
    }
    return;
  }
  if (open.kind != Kind::kFloat || t_ms >= open.end_t_ms || open.xor_state.count == kChunkSamples) {
    close(open, series);
    begin(open, t_ms, Kind::kFloat);
  }
  if (open.bit + kSampleRoomBits > slab_size(open.slab_class) * 8) {
    widen(open);
  }
  open.bit = static_cast<std::uint32_t>(
      xor_append(slab_bytes(open.slab), open.bit, slab_size(open.slab_class) * 8, open.xor_state, t_ms, value));
}

void ChunkMaker::append(std::uint32_t series, std::int64_t t_ms, const Histogram& histogram) {
  Open& open = open_of(series);
  if (open.kind != Kind::kNone && t_ms <= open.xor_state.t_ms) {
    Late& late = late_[series];
    late.histograms.emplace_back(t_ms, histogram);
    if (late.histograms.size() >= kLateHistograms) {
      sort_late(series, late);
    }
    return;
  }
  if (open.kind == Kind::kHistogram && t_ms < open.end_t_ms) {
    HistogramChunkWriter& writer = *histograms_[open.histogram - 1];
    const bool full = writer.sample_count() >= kHistogramSamples && writer.size() >= kHistogramBytes;
    if (!full && writer.append(t_ms, histogram)) {
      open.xor_state.t_ms = t_ms;
      return;
    }
    const bool reset = !full && writer.saw_reset();
    close(open, series);
    writer.clear(reset ? CounterResetHint::kReset : CounterResetHint::kUnknown);
  } else {
    close(open, series);
  }
  begin(open, t_ms, Kind::kHistogram);
  static_cast<void>(histograms_[open.histogram - 1]->append(t_ms, histogram));  // an empty chunk takes any sample
  open.xor_state.t_ms = t_ms;
}

void ChunkMaker::begin(Open& open, std::int64_t t_ms, Kind kind) {
  open.kind = kind;
  open.min_t_ms = t_ms;
  const std::int64_t start = aligned_start(t_ms);
  open.end_t_ms = start > INT64_MAX - kChunkWindowMs ? INT64_MAX : start + kChunkWindowMs;
  if (kind == Kind::kHistogram) {
    if (open.histogram == 0) {
      histograms_.push_back(std::make_unique<HistogramChunkWriter>());
      open.histogram = static_cast<std::uint32_t>(histograms_.size());
    }
    return;
  }
  open.xor_state = XorState();
  open.bit = 0;
  if (open.slab_class >= kSlabClasses) {
    open.slab_class = 0;
    open.slab = take_slab(0);
  }
}

/// The newest sample's time and value stay known.
void ChunkMaker::close(Open& open, std::uint32_t series) {
  if (open.end_t_ms == INT64_MIN) {
    return;
  }
  open.end_t_ms = INT64_MIN;
  SpooledChunk chunk{.min_t_ms = open.min_t_ms, .max_t_ms = open.xor_state.t_ms, .series = series};
  if (open.kind == Kind::kHistogram) {
    HistogramChunkWriter& writer = *histograms_[open.histogram - 1];
    chunk.samples = static_cast<std::uint16_t>(writer.sample_count());
    chunk.encoding = static_cast<std::uint8_t>(writer.encoding());
    spool_.add(chunk, writer.finish(), {});
    writer.clear();
    return;
  }
  chunk.samples = static_cast<std::uint16_t>(open.xor_state.count);
  chunk.encoding = static_cast<std::uint8_t>(ChunkEncoding::kXor);
  char count[2];
  store_be16(count, chunk.samples);
  spool_.add(chunk, {count, 2}, {slab_bytes(open.slab), (open.bit + std::size_t{7}) / 8});
}

void ChunkMaker::add_late(std::uint32_t series, std::int64_t t_ms, double value) {
  Late& late = late_[series];
  late.floats.emplace_back(t_ms, value);
  ++late_samples_;
  if (late.floats.size() >= kLateFloats) {
    sort_late(series, late);
  }
}

/// Cuts what waits into chunks; of several samples with one time the first stays.
void ChunkMaker::sort_late(std::uint32_t series, Late& late) {
  const auto by_time = [](const auto& a, const auto& b) { return a.first < b.first; };
  std::ranges::stable_sort(late.floats, by_time);
  std::ranges::stable_sort(late.histograms, by_time);
  SeriesSamples samples;
  for (const auto& [t_ms, value] : late.floats) {
    if (samples.t_ms.empty() || samples.t_ms.back() != t_ms) {
      samples.t_ms.push_back(t_ms);
      samples.value.push_back(value);
    } else if (std::bit_cast<std::uint64_t>(samples.value.back()) == std::bit_cast<std::uint64_t>(value)) {
      ++tally_.repeated;
    } else {
      tally_.note({.series = series, .t_ms = t_ms, .kept = samples.value.back(), .lost = value});
    }
  }
  SeriesSamples histograms;
  for (auto& [t_ms, histogram] : late.histograms) {
    if (histograms.histogram_t_ms.empty() || histograms.histogram_t_ms.back() != t_ms) {
      histograms.histogram_t_ms.push_back(t_ms);
      histograms.histogram.push_back(std::move(histogram));
    } else if (is_same_histogram(histograms.histogram.back(), histogram)) {
      ++tally_.repeated;
    } else {
      tally_.note({.series = series,
                   .t_ms = t_ms,
                   .kept = histograms.histogram.back().sum,
                   .lost = histogram.sum,
                   .has_histogram = true});
    }
  }
  late_samples_ -= late.floats.size();
  late.floats.clear();
  late.histograms.clear();
  merge_tallied(samples, histograms, series, tally_);
  each_chunk_window(samples, [&](const SeriesSamples& part) {
    for (const EncodedChunk& chunk : cutter_.cut(part)) {
      spool_.add({.min_t_ms = chunk.min_t_ms,
                  .max_t_ms = chunk.max_t_ms,
                  .series = series,
                  .samples = static_cast<std::uint16_t>(chunk.sample_count),
                  .encoding = static_cast<std::uint8_t>(chunk.encoding),
                  .is_late = true},
                 chunk.bytes, {});
    }
  });
}

void ChunkMaker::finish() {
  for (std::uint32_t series = 0; series < open_.size(); ++series) {
    close(open_[series], series);
  }
  for (auto& [series, late] : late_) {
    sort_late(series, late);
  }
  open_.clear();
  late_.clear();
  histograms_.clear();
  pages_.clear();
  page_used_ = 0;
  for (std::vector<std::uint32_t>& free : free_slabs_) {
    free.clear();
  }
}

}  // namespace mcore
