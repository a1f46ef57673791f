// SPDX-License-Identifier: Apache-2.0
#include "promql/histogram_math.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include "promql/histogram_bounds.h"
#include "promql/histogram_merge.h"

namespace mcore {
namespace {

bool same_bits(double one, double other) noexcept {
  return std::bit_cast<std::uint64_t>(one) == std::bit_cast<std::uint64_t>(other);
}

/// Equal but for spans of length 0, which only move the next one.
bool equal_spans(const std::vector<HistogramSpan>& one, const std::vector<HistogramSpan>& other) noexcept {
  if (one == other) {
    return true;
  }
  const auto next = [](const std::vector<HistogramSpan>& spans, std::size_t& at) {
    std::int64_t offset = 0;
    for (; at < spans.size(); ++at) {
      offset += spans[at].offset;
      if (spans[at].length > 0) {
        return std::pair{offset, spans[at++].length};
      }
    }
    return std::pair{std::int64_t{0}, std::uint32_t{0}};
  };
  std::size_t i = 0;
  std::size_t j = 0;
  for (;;) {
    const auto mine = next(one, i);
    if (mine != next(other, j)) {
      return false;
    }
    if (mine.second == 0) {
      return true;
    }
  }
}

bool equal_counts(const std::vector<double>& one, const std::vector<double>& other) noexcept {
  return std::ranges::equal(one, other, same_bits);
}

bool any_infinite(const std::vector<double>& values) noexcept {
  return std::ranges::any_of(values, [](double value) { return std::isinf(value); });
}

}  // namespace

HistogramOutcome add_histogram(Histogram& to, const Histogram& other) {
  return merge_histogram(to, nullptr, other, MergeSign::kAdd);
}

HistogramOutcome subtract_histogram(Histogram& from, const Histogram& other) {
  return merge_histogram(from, nullptr, other, MergeSign::kSubtract);
}

void multiply_histogram(Histogram& histogram, double factor) noexcept {
  histogram.is_float = true;
  histogram.zero_count *= factor;
  histogram.count *= factor;
  histogram.sum *= factor;
  for (std::vector<double>* counts : {&histogram.positive_counts, &histogram.negative_counts}) {
    for (double& count : *counts) {
      count *= factor;
    }
  }
  if (factor < 0) {
    histogram.hint = CounterResetHint::kGauge;
  }
}

void divide_histogram(Histogram& histogram, double divisor) noexcept {
  histogram.is_float = true;
  histogram.zero_count /= divisor;
  histogram.count /= divisor;
  histogram.sum /= divisor;
  if (divisor == 0) {
    histogram.positive_spans.clear();
    histogram.negative_spans.clear();
    histogram.positive_counts.clear();
    histogram.negative_counts.clear();
    return;
  }
  for (std::vector<double>* counts : {&histogram.positive_counts, &histogram.negative_counts}) {
    for (double& count : *counts) {
      count /= divisor;
    }
  }
  if (divisor < 0) {
    histogram.hint = CounterResetHint::kGauge;
  }
}

Histogram histogram_at_schema(const Histogram& histogram, std::int32_t schema) {
  Histogram copy = histogram;
  copy.is_float = true;
  if (schema != histogram.schema) {
    reduce_histogram_schema(copy, schema);
    copy.hint = CounterResetHint::kUnknown;
  }
  return copy;
}

bool equal_histograms(const Histogram& one, const Histogram& other) noexcept {
  return one.schema == other.schema && same_bits(one.count, other.count) && same_bits(one.sum, other.sum) &&
         (!uses_custom_buckets(one) || equal_bounds(one.custom_values, other.custom_values)) &&
         one.zero_threshold == other.zero_threshold && same_bits(one.zero_count, other.zero_count) &&
         equal_spans(one.negative_spans, other.negative_spans) &&
         equal_counts(one.negative_counts, other.negative_counts) &&
         equal_spans(one.positive_spans, other.positive_spans) &&
         equal_counts(one.positive_counts, other.positive_counts);
}

bool has_overflow(const Histogram& histogram) noexcept {
  return std::isinf(histogram.zero_count) || std::isinf(histogram.count) || std::isinf(histogram.sum) ||
         any_infinite(histogram.positive_counts) || any_infinite(histogram.negative_counts) ||
         any_infinite(histogram.custom_values);
}

}  // namespace mcore
