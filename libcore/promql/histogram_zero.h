// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "model/histogram.h"

namespace mcore {

/// What rounding lost in each number of a histogram whose additions are compensated; one value per bucket of its
/// layout.
struct HistogramRest {
  double zero_count = 0;
  double count = 0;
  double sum = 0;
  std::vector<double> positive{};
  std::vector<double> negative{};
};

/// The zero bucket that a histogram would have, and what rounding lost in its count.
struct WidenedZero {
  double count = 0;
  double lost = 0;
  double threshold = 0;
};

/// The zero bucket with the buckets up to `threshold` in it; if that ends inside a populated bucket, the threshold
/// moves outwards to the end of it. Requires: threshold >= histogram.zero_threshold. `rest` may be null.
[[nodiscard]] WidenedZero widen_zero(const Histogram& histogram, const HistogramRest* rest, double threshold) noexcept;

/// Widens the zero bucket of `to`, dropping the buckets that are in it then, until its end suits both histograms;
/// returns what the zero bucket of `other` would be.
WidenedZero reconcile_zero(Histogram& to, HistogramRest* rest, const Histogram& other);

/// How many buckets, from the innermost on, lie within the zero bucket of a plain exponential histogram: additions pass
/// over them. None for other schemas.
[[nodiscard]] std::size_t buckets_in_zero(std::span<const HistogramSpan> spans, std::int32_t schema,
                                          double threshold) noexcept;

}  // namespace mcore
