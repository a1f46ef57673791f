// SPDX-License-Identifier: Apache-2.0
#include "tsdb/chunk_cutter.h"

#include <algorithm>

namespace mcore {
namespace {

/// Samples at the front that lie before `t_ms`.
std::size_t run_before(std::span<const std::int64_t> times, std::int64_t t_ms) {
  return static_cast<std::size_t>(std::ranges::lower_bound(times, t_ms) - times.begin());
}

}  // namespace

std::span<const EncodedChunk> ChunkCutter::cut(const SeriesSamples& samples) {
  bytes_.clear();
  chunks_.clear();
  ends_.clear();
  std::span<const std::int64_t> float_t = samples.t_ms;
  std::span<const double> value = samples.value;
  std::span<const std::int64_t> histogram_t = samples.histogram_t_ms;
  std::span<const Histogram> histogram = samples.histogram;
  while (!float_t.empty() || !histogram_t.empty()) {
    const std::size_t floats = histogram_t.empty() ? float_t.size() : run_before(float_t, histogram_t[0]);
    cut_floats(float_t.first(floats), value.first(floats));
    float_t = float_t.subspan(floats);
    value = value.subspan(floats);
    std::size_t histograms = float_t.empty() ? histogram_t.size() : run_before(histogram_t, float_t[0]);
    if (floats + histograms == 0) {
      histograms = 1;  // a time in both columns is the caller's mistake, but no reason to hang
    }
    cut_histograms(histogram_t.first(histograms), histogram.first(histograms));
    histogram_t = histogram_t.subspan(histograms);
    histogram = histogram.subspan(histograms);
  }
  std::size_t begin = 0;
  for (std::size_t i = 0; i < chunks_.size(); ++i) {
    chunks_[i].bytes = std::string_view(bytes_).substr(begin, ends_[i] - begin);
    begin = ends_[i];
  }
  return chunks_;
}

void ChunkCutter::cut_floats(std::span<const std::int64_t> t_ms, std::span<const double> value) {
  const std::size_t most = std::clamp<std::size_t>(options_.float_samples, 1, kXorMaxSamples);
  for (std::size_t begin = 0; begin < t_ms.size(); begin += most) {
    const std::size_t count = std::min(most, t_ms.size() - begin);
    encode_xor_chunk(t_ms.subspan(begin, count), value.subspan(begin, count), bytes_, options_.windows);
    chunks_.push_back({.encoding = ChunkEncoding::kXor,
                       .min_t_ms = t_ms[begin],
                       .max_t_ms = t_ms[begin + count - 1],
                       .sample_count = static_cast<std::uint32_t>(count)});
    ends_.push_back(bytes_.size());
  }
}

void ChunkCutter::cut_histograms(std::span<const std::int64_t> t_ms, std::span<const Histogram> histogram) {
  histograms_.clear();
  std::size_t begin = 0;
  for (std::size_t i = 0; i < t_ms.size(); ++i) {
    const bool full = i != begin && histograms_.sample_count() >= options_.histogram_samples &&
                      histograms_.size() >= options_.histogram_bytes;
    if (full || !histograms_.append(t_ms[i], histogram[i])) {
      keep_histograms(t_ms[begin], t_ms[i - 1]);
      histograms_.clear(!full && histograms_.saw_reset() ? CounterResetHint::kReset : CounterResetHint::kUnknown);
      begin = i;
      static_cast<void>(histograms_.append(t_ms[i], histogram[i]));  // an empty chunk takes any sample
    }
  }
  if (begin != t_ms.size()) {
    keep_histograms(t_ms[begin], t_ms.back());
  }
}

void ChunkCutter::keep_histograms(std::int64_t min_t_ms, std::int64_t max_t_ms) {
  bytes_ += histograms_.finish();
  chunks_.push_back({.encoding = histograms_.encoding(),
                     .min_t_ms = min_t_ms,
                     .max_t_ms = max_t_ms,
                     .sample_count = histograms_.sample_count()});
  ends_.push_back(bytes_.size());
}

}  // namespace mcore
