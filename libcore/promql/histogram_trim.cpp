// SPDX-License-Identifier: Apache-2.0
#include "promql/histogram_trim.h"

#include <cmath>
#include <limits>
#include <vector>

#include "model/histogram_buckets.h"

namespace mcore {
namespace {

/// What is kept of a bucket: how many observations, and the value that stands for them in the sum.
struct Kept {
  double count = 0;
  double value = 0;
};

double finite_or_zero(double value) noexcept {
  return std::isinf(value) ? 0 : value;
}

/// The value that stands for the observations of an interval: its middle; the geometric one where buckets grow.
double middle(double lower, double upper, HistogramSide side, bool is_linear) noexcept {
  if (std::isinf(lower)) {
    if (std::isinf(upper)) {
      return 0;
    }
    return upper > 0 ? upper / 2 : upper;
  }
  if (std::isinf(upper)) {
    return lower;
  }
  if (is_linear) {
    return (lower + upper) / 2;
  }
  const double mean = std::sqrt(std::abs(lower * upper));
  return side == HistogramSide::kPositive ? mean : -mean;
}

/// Of a bucket without an end nobody knows where its observations are: it is kept or removed as a whole, but for a
/// first custom bucket that ends above zero, which is taken to begin at zero.
Kept keep_of_endless(const HistogramBucket& bucket, double at, TrimKeep keep) noexcept {
  const bool is_below = keep == TrimKeep::kBelow;
  if (bucket.lower != -std::numeric_limits<double>::infinity()) {
    return !is_below && at >= bucket.lower ? Kept{bucket.count, at} : Kept{0, finite_or_zero(bucket.lower)};
  }
  const double upper = bucket.upper;
  if (is_below ? at >= upper : at <= bucket.lower) {
    return {bucket.count, 0};
  }
  if (is_below) {
    if (at > 0 && upper > 0 && !std::isinf(upper)) {
      return {bucket.count * at / upper, at / 2};
    }
    return upper <= 0 ? Kept{bucket.count, at} : Kept{0, finite_or_zero(upper)};
  }
  if (at >= 0 && upper > at && !std::isinf(upper)) {
    return {bucket.count * (1 - at / upper), (at + upper) / 2};
  }
  return {0, finite_or_zero(upper)};
}

/// Of a bucket that holds `at`.
Kept keep_of_split(const HistogramBucket& bucket, double at, TrimKeep keep, HistogramSide side,
                   bool is_linear) noexcept {
  if (std::isinf(bucket.lower) || std::isinf(bucket.upper)) {
    return keep_of_endless(bucket, at, keep);
  }
  const double below = bucket.count * bucket.fraction_below(at, is_linear);
  return keep == TrimKeep::kBelow ? Kept{below, middle(bucket.lower, at, side, is_linear)}
                                  : Kept{bucket.count - below, middle(at, bucket.upper, side, is_linear)};
}

/// The zero bucket reaches only to zero on a side where the histogram has no observations.
Kept keep_of_zero(const HistogramBucket& bucket, double at, TrimKeep keep, bool has_negative,
                  bool has_positive) noexcept {
  const double lower = has_positive && !has_negative ? 0 : bucket.lower;
  const double upper = has_negative && !has_positive ? 0 : bucket.upper;
  const bool is_below = keep == TrimKeep::kBelow;
  if (at <= lower) {
    return is_below ? Kept{} : Kept{bucket.count, (lower + upper) / 2};
  }
  if (at >= upper) {
    return is_below ? Kept{bucket.count, (lower + upper) / 2} : Kept{};
  }
  const double fraction = is_below ? (at - lower) / (upper - lower) : (upper - at) / (upper - lower);
  return {bucket.count * fraction, is_below ? (lower + at) / 2 : (at + upper) / 2};
}

/// The trimmed totals, in the making.
struct Trimmed {
  double count = 0;
  double sum = 0;
  bool changed = false;

  void add(const Kept& kept) noexcept {
    count += kept.count;
    sum += kept.value * kept.count;
  }
};

/// True if the side has observations.
bool trim_side(Histogram& histogram, HistogramSide side, double at, TrimKeep keep, Trimmed& result) noexcept {
  std::vector<double>& counts =
      side == HistogramSide::kPositive ? histogram.positive_counts : histogram.negative_counts;
  const bool is_linear = uses_custom_buckets(histogram);
  bool has_observations = false;
  for (HistogramSideWalk walk(histogram, side); walk.next();) {
    if (walk.count() == 0) {
      continue;
    }
    has_observations = true;
    const HistogramBucket bucket = walk.bucket();
    const bool is_below = keep == TrimKeep::kBelow;
    if (is_below ? bucket.upper <= at : bucket.lower >= at) {
      result.add({bucket.count, middle(bucket.lower, bucket.upper, side, is_linear)});
      continue;
    }
    double& count = counts[walk.position()];
    if (is_below ? bucket.lower < at : bucket.upper > at) {
      const Kept kept = keep_of_split(bucket, at, keep, side, is_linear);
      result.add(kept);
      result.changed |= count != kept.count;
      count = kept.count;
    } else {
      count = 0;
      result.changed = true;
    }
  }
  return has_observations;
}

}  // namespace

void trim_histogram(Histogram& histogram, double at, TrimKeep keep) {
  Trimmed result;
  histogram.is_float = true;
  const bool has_positive = trim_side(histogram, HistogramSide::kPositive, at, keep, result);
  const bool has_negative = trim_side(histogram, HistogramSide::kNegative, at, keep, result);
  if (histogram.zero_count > 0) {
    const Kept kept = keep_of_zero(zero_bucket(histogram), at, keep, has_negative, has_positive);
    result.changed |= histogram.zero_count != kept.count;
    histogram.zero_count = kept.count;
    result.add(kept);
  }
  if (!result.changed) {
    return;
  }
  histogram.count = result.count;
  histogram.sum = result.sum;
  compact_histogram(histogram, 0);
}

}  // namespace mcore
