// SPDX-License-Identifier: Apache-2.0
#include "tsdb/sample_tally.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "base/number_text.h"
#include "model/time_text.h"
#include "storage/sample_merge.h"

namespace mcore {
namespace {

std::uint64_t bits_of(double value) noexcept {
  return std::bit_cast<std::uint64_t>(value);
}

bool same_bits(const std::vector<double>& a, const std::vector<double>& b) noexcept {
  return std::ranges::equal(a, b, {}, bits_of, bits_of);
}

/// Walks columns of both kinds by ascending times that are asked for.
class StoredCursor {
 public:
  explicit StoredCursor(const SeriesSamples& samples) : samples_(samples) {}

  /// Notes what became of a sample of that time; false if nothing is stored there.
  bool meets(std::int64_t t_ms, double value, const Histogram* histogram, std::uint32_t series, SampleTally& tally) {
    while (float_ < samples_.t_ms.size() && samples_.t_ms[float_] < t_ms) {
      ++float_;
    }
    while (histogram_ < samples_.histogram_t_ms.size() && samples_.histogram_t_ms[histogram_] < t_ms) {
      ++histogram_;
    }
    if (float_ < samples_.t_ms.size() && samples_.t_ms[float_] == t_ms) {
      const double kept = samples_.value[float_];
      note(histogram == nullptr && bits_of(kept) == bits_of(value), series, t_ms, kept, value, histogram != nullptr,
           tally);
      return true;
    }
    if (histogram_ < samples_.histogram_t_ms.size() && samples_.histogram_t_ms[histogram_] == t_ms) {
      const Histogram& kept = samples_.histogram[histogram_];
      const bool same = histogram != nullptr ? is_same_histogram(kept, *histogram)
                                             : is_stale_marker(value) && is_stale_marker(kept.sum);
      note(same, series, t_ms, kept.sum, histogram != nullptr ? histogram->sum : value, true, tally);
      return true;
    }
    return false;
  }

 private:
  static void note(bool same, std::uint32_t series, std::int64_t t_ms, double kept, double lost, bool has_histogram,
                   SampleTally& tally) {
    if (same) {
      ++tally.repeated;
    } else {
      tally.note({.series = series, .t_ms = t_ms, .kept = kept, .lost = lost, .has_histogram = has_histogram});
    }
  }

  const SeriesSamples& samples_;
  std::size_t float_ = 0;
  std::size_t histogram_ = 0;
};

std::int64_t last_of(const SeriesSamples& samples) noexcept {
  std::int64_t last = samples.t_ms.empty() ? INT64_MIN : samples.t_ms.back();
  if (!samples.histogram_t_ms.empty()) {
    last = std::max(last, samples.histogram_t_ms.back());
  }
  return last;
}

std::int64_t first_of(const SeriesSamples& samples) noexcept {
  std::int64_t first = samples.t_ms.empty() ? INT64_MAX : samples.t_ms.front();
  if (!samples.histogram_t_ms.empty()) {
    first = std::min(first, samples.histogram_t_ms.front());
  }
  return first;
}

}  // namespace

std::string conflict_text(LabelsView labels, const SampleConflict& conflict) {
  const std::string detail = conflict.has_histogram ? std::string("a histogram differs")
                                                    : fmt::format("{} is stored, {} came", float_text(conflict.kept),
                                                                  float_text(conflict.lost));
  return fmt::format("{} at {}: {}", labels_text(labels), time_text_utc(conflict.t_ms), detail);
}

bool is_same_histogram(const Histogram& a, const Histogram& b) noexcept {
  if (is_stale_marker(a.sum) && is_stale_marker(b.sum)) {
    return true;
  }
  return a.is_float == b.is_float && a.schema == b.schema && bits_of(a.zero_threshold) == bits_of(b.zero_threshold) &&
         bits_of(a.zero_count) == bits_of(b.zero_count) && bits_of(a.count) == bits_of(b.count) &&
         bits_of(a.sum) == bits_of(b.sum) && a.positive_spans == b.positive_spans &&
         a.negative_spans == b.negative_spans && same_bits(a.positive_counts, b.positive_counts) &&
         same_bits(a.negative_counts, b.negative_counts) && same_bits(a.custom_values, b.custom_values);
}

void merge_tallied(SeriesSamples& into, SeriesSamples& more, std::uint32_t series, SampleTally& tally) {
  if (!into.empty() && !more.empty() && last_of(into) >= first_of(more)) {
    subtract_tallied(more, into, series, tally);
  }
  merge_samples(into, std::move(more));
}

void subtract_tallied(SeriesSamples& samples, const SeriesSamples& stored, std::uint32_t series, SampleTally& tally) {
  StoredCursor for_floats(stored);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < samples.t_ms.size(); ++i) {
    if (!for_floats.meets(samples.t_ms[i], samples.value[i], nullptr, series, tally)) {
      samples.t_ms[kept] = samples.t_ms[i];
      samples.value[kept++] = samples.value[i];
    }
  }
  samples.t_ms.resize(kept);
  samples.value.resize(kept);
  StoredCursor for_histograms(stored);
  kept = 0;
  for (std::size_t i = 0; i < samples.histogram_t_ms.size(); ++i) {
    if (!for_histograms.meets(samples.histogram_t_ms[i], 0, &samples.histogram[i], series, tally)) {
      samples.histogram_t_ms[kept] = samples.histogram_t_ms[i];
      if (kept != i) {
        samples.histogram[kept] = std::move(samples.histogram[i]);
      }
      ++kept;
    }
  }
  samples.histogram_t_ms.resize(kept);
  samples.histogram.resize(kept);
}

}  // namespace mcore
