// SPDX-License-Identifier: Apache-2.0
#include "model/nhcb_converter.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace mcore {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

bool is_whole(double value) noexcept {
  return value == std::floor(value) && value < 9.2e18;
}

}  // namespace

void NhcbConverter::clear() {
  buckets_.clear();
  count_ = 0;
  sum_ = 0;
  has_count_ = false;
  damaged_ = false;
}

void NhcbConverter::set_bucket(double upper_bound, double cumulative_count) {
  if (std::isnan(upper_bound) || !(cumulative_count >= 0)) {
    damaged_ = true;
    return;
  }
  const auto at = std::ranges::lower_bound(buckets_, upper_bound, {}, &Bucket::upper_bound);
  if (at != buckets_.end() && at->upper_bound == upper_bound) {
    return;
  }
  damaged_ = damaged_ || (at != buckets_.begin() && cumulative_count < (at - 1)->count) ||
             (at != buckets_.end() && cumulative_count > at->count);
  buckets_.insert(at, {upper_bound, cumulative_count});
}

void NhcbConverter::set_count(double count) {
  damaged_ = damaged_ || !(count >= 0);
  count_ = count;
  has_count_ = true;
}

std::optional<Histogram> NhcbConverter::convert() {
  if (damaged_) {
    return std::nullopt;
  }
  if (!has_count_ && !buckets_.empty()) {
    count_ = buckets_.back().count;
  }
  if (buckets_.empty() || buckets_.back().upper_bound != kInf) {
    buckets_.push_back({kInf, count_});
  }
  if (buckets_.back().count != count_) {
    return std::nullopt;
  }
  Histogram histogram;
  histogram.schema = kCustomBucketsSchema;
  histogram.count = count_;
  histogram.sum = sum_;
  histogram.is_float = !is_whole(count_);
  double before = 0;
  for (const Bucket& bucket : buckets_) {
    histogram.is_float = histogram.is_float || !is_whole(bucket.count);
    histogram.positive_counts.push_back(bucket.count - before);
    before = bucket.count;
    if (bucket.upper_bound != kInf) {
      histogram.custom_values.push_back(bucket.upper_bound);
    }
  }
  histogram.positive_spans = {{0, static_cast<std::uint32_t>(buckets_.size())}};
  compact_histogram(histogram, histogram.is_float ? 0 : 2);
  return histogram_fault(histogram) ? std::nullopt : std::optional(histogram);
}

}  // namespace mcore
