// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "model/histogram.h"

namespace mcore {

[[nodiscard]] inline bool uses_custom_buckets(const Histogram& histogram) noexcept {
  return histogram.schema == kCustomBucketsSchema;
}

/// Where bucket `index` of the positive side ends, with the bits that Prometheus computes: 2^(index/2^schema) for an
/// exponential schema (the largest finite double where that is 2^1024), custom_values[index] for custom buckets (-Inf
/// before the first, +Inf behind the last). Bucket i of the negative side ends at minus this.
/// Cost: a look-up.
[[nodiscard]] double histogram_bound(std::int32_t schema, std::int64_t index,
                                     std::span<const double> custom_values) noexcept;

/// One bucket: the observations between two bounds.
struct HistogramBucket {
  double lower = 0;
  double upper = 0;
  double count = 0;
  bool has_lower = false;  // the bound itself belongs to the bucket
  bool has_upper = false;

  /// The part of the bucket up to `at`, 0 to 1: of its width, or of the width on a logarithmic scale (where exponential
  /// buckets are interpolated; not the zero bucket). Requires: lower < at < upper, both finite.
  [[nodiscard]] double fraction_below(double at, bool is_linear) const noexcept;
  /// As the HTTP API numbers it: 0 open on the left, 1 open on the right, 2 open on both sides, 3 closed.
  [[nodiscard]] int boundary_rule() const noexcept { return has_lower ? (has_upper ? 3 : 1) : (has_upper ? 0 : 2); }
};

enum class HistogramSide : bool { kNegative, kPositive };

/// The buckets of one side of a histogram, empty ones included, outwards from zero or inwards.
///
///   for (HistogramSideWalk walk(histogram, HistogramSide::kPositive); walk.next();) { use(walk.bucket()); }
///
/// Lifetime: borrows the histogram, which must not change.
/// Requires: spans and counts agree.
/// Cost:     next() is a step; bucket() looks up two bounds.
class HistogramSideWalk {
 public:
  HistogramSideWalk() noexcept = default;
  HistogramSideWalk(const Histogram& histogram, HistogramSide side, bool is_inwards = false) noexcept;
  /// Steps to the next bucket; false behind the last.
  [[nodiscard]] bool next() noexcept { return is_inwards_ ? step_inwards() : step_outwards(); }

  /// Of the current bucket: its index, its place among the counts, its count.
  [[nodiscard]] std::int64_t index() const noexcept { return index_; }
  [[nodiscard]] std::size_t position() const noexcept { return static_cast<std::size_t>(position_); }
  [[nodiscard]] double count() const noexcept { return counts_[position()]; }
  [[nodiscard]] HistogramBucket bucket() const noexcept;

 private:
  bool step_outwards() noexcept;
  bool step_inwards() noexcept;

  std::span<const HistogramSpan> spans_{};
  std::span<const double> counts_{};
  std::span<const double> custom_values_{};
  std::int32_t schema_ = 0;
  bool is_negative_ = false;
  bool is_inwards_ = false;
  std::int64_t index_ = -1;
  std::int64_t position_ = -1;
  std::size_t span_ = 0;
  std::int64_t left_ = 0;  // buckets of the current span that are still to come
};

/// All buckets of a histogram, empty ones of its sides included, from the lowest to the highest or down. A bucket that
/// overlaps the zero bucket is cut at the zero threshold; a zero bucket without observations is left out.
///
/// Lifetime, Requires, Cost: as HistogramSideWalk.
class HistogramWalk {
 public:
  enum class Order : bool { kAscending, kDescending };
  explicit HistogramWalk(const Histogram& histogram, Order order = Order::kAscending) noexcept;
  [[nodiscard]] bool next() noexcept;
  [[nodiscard]] const HistogramBucket& bucket() const noexcept { return bucket_; }

 private:
  enum class Stage : std::uint8_t { kBefore, kZero, kBehind };
  void take(const HistogramSideWalk& walk) noexcept;

  double zero_threshold_;
  double zero_count_;
  HistogramSideWalk before_;
  HistogramSideWalk behind_;
  Stage stage_ = Stage::kBefore;
  HistogramBucket bucket_{};
};

/// The zero bucket, both bounds included.
[[nodiscard]] HistogramBucket zero_bucket(const Histogram& histogram) noexcept;

}  // namespace mcore
