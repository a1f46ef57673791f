// SPDX-License-Identifier: Apache-2.0
#include "model/histogram_buckets.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

#include "base/server_math.h"

namespace mcore {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr int kFinest = kMaxExponentialSchema;
constexpr std::size_t kFractions = std::size_t{1} << kFinest;

/// The bounds from 0.5 up to 1 of the finest schema; a coarser one has every 2nd, 4th, ... of them.
///
/// Servers carry these numbers as a table that was once computed: each schema keeps the bounds of the coarser one and
/// puts the bound before, times 2^(1/2^schema), between them. Most are some units in the last place away from the
/// nearest double, so the table is computed here in the same way. The first factor is not the nearest double either.
constexpr std::array<double, kFractions> make_fractions() {
  constexpr std::array<double, kFinest> kFactors = {0x1.6a09e667f3bccp+0, 0x1.306fe0a31b715p+0, 0x1.172b83c7d517bp+0,
                                                    0x1.0b5586cf9890fp+0, 0x1.059b0d3158574p+0, 0x1.02c9a3e778061p+0,
                                                    0x1.0163da9fb3335p+0, 0x1.00b1afa5abcbfp+0};
  std::array<double, kFractions> fractions{};
  fractions[0] = 0.5;
  std::size_t step = kFractions;
  for (const double factor : kFactors) {
    step /= 2;
    for (std::size_t i = step; i < kFractions; i += 2 * step) {
      fractions[i] = fractions[i - step] * factor;
    }
  }
  return fractions;
}
constexpr std::array<double, kFractions> kFraction = make_fractions();

constexpr std::int64_t kDoubleTop = 1024;  // 2^1024 is the first power of two that no double holds

/// 2^exponent; the bound at the very top is the largest number, so that infinite observations have a bucket of their
/// own.
double power_of_two(double exponent) noexcept {
  if (exponent == static_cast<double>(kDoubleTop)) {
    return std::numeric_limits<double>::max();
  }
  return std::ldexp(1.0, static_cast<int>(std::clamp(exponent, -2000.0, 2000.0)));
}

double exponential_bound(std::int32_t schema, std::int64_t index) noexcept {
  if (schema <= 0) {
    return power_of_two(std::ldexp(static_cast<double>(index), -std::max(schema, -64)));
  }
  if (schema > kFinest) {
    return std::exp2(std::ldexp(static_cast<double>(index), -schema));
  }
  const std::int64_t part = index & ((std::int64_t{1} << schema) - 1);
  const std::int64_t power = index >> schema;
  if (part == 0) {
    return power_of_two(static_cast<double>(power));
  }
  const double fraction = kFraction[static_cast<std::size_t>(part) << (kFinest - schema)];
  constexpr int kMantissaBits = 52;
  if (power >= -1022 && power < kDoubleTop) {  // a normal number: only its exponent changes
    return std::bit_cast<double>(std::bit_cast<std::uint64_t>(fraction) +
                                 (static_cast<std::uint64_t>(power + 1) << kMantissaBits));
  }
  return std::ldexp(fraction, static_cast<int>(std::clamp<std::int64_t>(power + 1, -2000, 2000)));
}

}  // namespace

double histogram_bound(std::int32_t schema, std::int64_t index, std::span<const double> custom_values) noexcept {
  if (schema != kCustomBucketsSchema) {
    return exponential_bound(schema, index);
  }
  if (index < 0) {
    return -kInfinity;
  }
  const auto at = static_cast<std::size_t>(index);
  return at < custom_values.size() ? custom_values[at] : kInfinity;
}

double HistogramBucket::fraction_below(double at, bool is_linear) const noexcept {
  if (is_linear) {
    return (at - lower) / (upper - lower);
  }
  const double log_lower = server_log2(std::abs(lower));
  const double log_upper = server_log2(std::abs(upper));
  const double log_at = server_log2(std::abs(at));
  if (at > 0) {
    return (log_at - log_lower) / (log_upper - log_lower);
  }
  return 1 - ((log_at - log_upper) / (log_lower - log_upper));
}

HistogramBucket zero_bucket(const Histogram& histogram) noexcept {
  return {.lower = -histogram.zero_threshold,
          .upper = histogram.zero_threshold,
          .count = histogram.zero_count,
          .has_lower = true,
          .has_upper = true};
}

// --- HistogramSideWalk ----------------------------------------------------------------------------------------------

HistogramSideWalk::HistogramSideWalk(const Histogram& histogram, HistogramSide side, bool is_inwards) noexcept
    : schema_(histogram.schema), is_negative_(side == HistogramSide::kNegative), is_inwards_(is_inwards) {
  spans_ = is_negative_ ? histogram.negative_spans : histogram.positive_spans;
  counts_ = is_negative_ ? histogram.negative_counts : histogram.positive_counts;
  custom_values_ = is_negative_ ? std::span<const double>() : std::span<const double>(histogram.custom_values);
  if (spans_.empty()) {
    return;
  }
  if (!is_inwards_) {
    index_ = std::int64_t{spans_[0].offset} - 1;
    left_ = spans_[0].length;
    return;
  }
  span_ = spans_.size() - 1;
  left_ = spans_[span_].length;
  position_ = static_cast<std::int64_t>(counts_.size());
  index_ = 0;  // becomes the index behind the last bucket
  for (const HistogramSpan& span : spans_) {
    index_ += std::int64_t{span.offset} + span.length;
  }
}

bool HistogramSideWalk::step_outwards() noexcept {
  if (position_ + 1 >= static_cast<std::int64_t>(counts_.size())) {
    return false;
  }
  while (left_ == 0) {
    if (span_ + 1 >= spans_.size()) {
      return false;
    }
    ++span_;
    index_ += spans_[span_].offset;
    left_ = spans_[span_].length;
  }
  --left_;
  ++index_;
  ++position_;
  return true;
}

bool HistogramSideWalk::step_inwards() noexcept {
  if (position_ <= 0) {
    return false;
  }
  while (left_ == 0) {
    if (span_ == 0) {
      return false;
    }
    index_ -= spans_[span_].offset;
    --span_;
    left_ = spans_[span_].length;
  }
  --left_;
  --index_;
  --position_;
  return true;
}

HistogramBucket HistogramSideWalk::bucket() const noexcept {
  const double outer = histogram_bound(schema_, index_, custom_values_);
  const double inner = histogram_bound(schema_, index_ - 1, custom_values_);
  HistogramBucket bucket{
      .lower = is_negative_ ? -outer : inner, .upper = is_negative_ ? -inner : outer, .count = count()};
  if (schema_ == kCustomBucketsSchema) {
    bucket.has_lower = index_ == 0;
    bucket.has_upper = true;
  } else {
    bucket.has_lower = bucket.lower < 0;
    bucket.has_upper = bucket.upper > 0;
  }
  return bucket;
}

// --- HistogramWalk --------------------------------------------------------------------------------------------------

HistogramWalk::HistogramWalk(const Histogram& histogram, Order order) noexcept
    : zero_threshold_(histogram.zero_threshold),
      zero_count_(uses_custom_buckets(histogram) ? 0 : histogram.zero_count),
      before_(histogram, order == Order::kAscending ? HistogramSide::kNegative : HistogramSide::kPositive, true),
      behind_(histogram, order == Order::kAscending ? HistogramSide::kPositive : HistogramSide::kNegative) {}

void HistogramWalk::take(const HistogramSideWalk& walk) noexcept {
  bucket_ = walk.bucket();
  if (bucket_.upper < 0 && bucket_.upper > -zero_threshold_) {
    bucket_.upper = -zero_threshold_;
  } else if (bucket_.lower > 0 && bucket_.lower < zero_threshold_) {
    bucket_.lower = zero_threshold_;
  }
}

bool HistogramWalk::next() noexcept {
  if (stage_ == Stage::kBefore) {
    if (before_.next()) {
      take(before_);
      return true;
    }
    stage_ = Stage::kZero;
  }
  if (stage_ == Stage::kZero) {
    stage_ = Stage::kBehind;
    if (zero_count_ > 0) {
      bucket_ = {.lower = -zero_threshold_,
                 .upper = zero_threshold_,
                 .count = zero_count_,
                 .has_lower = true,
                 .has_upper = true};
      return true;
    }
  }
  if (!behind_.next()) {
    return false;
  }
  take(behind_);
  return true;
}

}  // namespace mcore
