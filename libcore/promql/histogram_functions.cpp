// SPDX-License-Identifier: Apache-2.0
#include "promql/histogram_functions.h"

#include <cmath>
#include <limits>

#include "base/server_math.h"
#include "model/histogram_buckets.h"
#include "promql/kahan_sum.h"

namespace mcore {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// A bucket around zero reaches only to zero on a side where the histogram has no buckets.
void cut_at_zero(HistogramBucket& bucket, const Histogram& histogram) noexcept {
  if (histogram.negative_counts.empty() && !histogram.positive_counts.empty()) {
    bucket.lower = 0;
  } else if (histogram.positive_counts.empty() && !histogram.negative_counts.empty()) {
    bucket.upper = 0;
  }
}

/// The value `fraction` of the way through a bucket.
double interpolate(const HistogramBucket& bucket, double fraction, bool is_custom) noexcept {
  if (is_custom || (bucket.lower <= 0 && bucket.upper >= 0)) {
    return bucket.lower + (bucket.upper - bucket.lower) * fraction;
  }
  const double log_lower = server_log2(std::abs(bucket.lower));
  const double log_upper = server_log2(std::abs(bucket.upper));
  if (bucket.lower > 0) {
    return server_exp2(log_lower + (log_upper - log_lower) * fraction);
  }
  return -server_exp2(log_upper + (log_lower - log_upper) * (1 - fraction));
}

/// One end of the interval of native_fraction(): how many observations are below it.
struct IntervalEnd {
  double at = 0;
  double rank = 0;
  bool is_found = false;

  void begin(const HistogramBucket& bucket, double below) noexcept {
    if (!is_found && bucket.lower >= at) {
      rank = below;
      is_found = true;
    }
  }
  void look_into(const HistogramBucket& bucket, double below, bool is_linear) noexcept {
    if (is_found || !(bucket.lower < at && bucket.upper > at)) {
      return;
    }
    // A bucket without lower end cannot be divided: all of it is below.
    rank = is_linear && bucket.lower == -kInfinity ? bucket.count
                                                   : below + bucket.count * bucket.fraction_below(at, is_linear);
    is_found = true;
  }
  [[nodiscard]] double rank_within(double count) const noexcept { return is_found && !(rank > count) ? rank : count; }
};

}  // namespace

double histogram_mean(const Histogram& histogram) noexcept {
  return histogram.sum / histogram.count;
}

double histogram_variance(const Histogram& histogram) noexcept {
  const double mean = histogram_mean(histogram);
  KahanSum variance;
  for (HistogramWalk walk(histogram); walk.next();) {
    const HistogramBucket& bucket = walk.bucket();
    if (bucket.count == 0) {
      continue;
    }
    double value = 0;
    if (uses_custom_buckets(histogram)) {
      value = (bucket.upper + bucket.lower) / 2;
    } else if (!(bucket.lower <= 0 && bucket.upper >= 0)) {
      value = std::sqrt(bucket.upper * bucket.lower);
      value = bucket.upper < 0 ? -value : value;
    }
    const double delta = value - mean;
    variance.add(bucket.count * delta * delta);
  }
  return (variance.sum + variance.lost) / histogram.count;
}

double histogram_deviation(const Histogram& histogram) noexcept {
  return std::sqrt(histogram_variance(histogram));
}

NativeQuantile native_quantile(double q, const Histogram& histogram) noexcept {
  if (q < 0) {
    return {-kInfinity};
  }
  if (q > 1) {
    return {kInfinity};
  }
  if (histogram.count == 0 || std::isnan(q)) {
    return {kNan};
  }
  // The walk begins at the nearer end. NaN observations are in no bucket but count as the largest, so that with them
  // the rank has to be counted from below.
  const bool is_custom = uses_custom_buckets(histogram);
  const bool may_have_nan = std::isnan(histogram.sum);
  const bool is_upwards = may_have_nan || q < 0.5;
  HistogramWalk walk(histogram, is_upwards ? HistogramWalk::Order::kAscending : HistogramWalk::Order::kDescending);
  double rank = is_upwards ? q * histogram.count : (1 - q) * histogram.count;
  double count = 0;
  HistogramBucket bucket{};
  while (walk.next()) {
    bucket = walk.bucket();
    if (bucket.count == 0) {
      continue;
    }
    count += bucket.count;
    if (count >= rank) {
      break;
    }
  }
  if (is_custom && bucket.lower == -kInfinity) {
    if (bucket.upper <= 0) {
      return {bucket.upper};
    }
    bucket.lower = 0;
  } else if (is_custom && bucket.upper == kInfinity) {
    return {bucket.lower};
  } else if (!is_custom && bucket.lower < 0 && bucket.upper > 0) {
    cut_at_zero(bucket, histogram);
  }
  count = count > histogram.count ? histogram.count : count;  // rounding may have counted too many
  if (count < rank) {
    return may_have_nan ? NativeQuantile{kNan, NativeQuantile::Note::kNanResult} : NativeQuantile{bucket.upper};
  }
  rank = is_upwards ? rank - (count - bucket.count) : count - rank;
  NativeQuantile::Note note = NativeQuantile::Note::kNone;
  if (may_have_nan) {
    // Servers look for the missing observations with the variable that holds the bucket found; so the value comes out
    // of the last bucket there is. It is theirs to change.
    while (walk.next()) {
      bucket = walk.bucket();
      count += bucket.count;
    }
    note = count < histogram.count ? NativeQuantile::Note::kNanSkew : note;
  }
  return {interpolate(bucket, rank / bucket.count, is_custom), note};
}

NativeFraction native_fraction(double lower, double upper, const Histogram& histogram) noexcept {
  if (histogram.count == 0 || std::isnan(lower) || std::isnan(upper)) {
    return {kNan};
  }
  if (lower >= upper) {
    return {0};
  }
  IntervalEnd from{lower};
  IntervalEnd to{upper};
  double below = 0;
  double count = 0;
  HistogramWalk walk(histogram);
  while (walk.next()) {
    HistogramBucket bucket = walk.bucket();
    count += bucket.count;
    const bool is_around_zero = bucket.lower <= 0 && bucket.upper >= 0;
    if (is_around_zero) {
      cut_at_zero(bucket, histogram);
    }
    const bool is_linear = uses_custom_buckets(histogram) || is_around_zero;
    from.begin(bucket, below);
    to.begin(bucket, below);
    from.look_into(bucket, below, is_linear);
    to.look_into(bucket, below, is_linear);
    if (from.is_found && to.is_found) {
      break;
    }
    below += bucket.count;
  }
  bool excludes_nan = false;
  if (std::isnan(histogram.sum)) {
    while (walk.next()) {
      count += walk.bucket().count;
    }
    excludes_nan = count < histogram.count;
  } else {
    count = histogram.count;
  }
  return {(to.rank_within(count) - from.rank_within(count)) / histogram.count, excludes_nan};
}

}  // namespace mcore
