// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "model/histogram.h"

namespace mcore {

// What the histogram_* functions make of one native histogram, every bit as Prometheus computes it.
//
// Requires, of every histogram: spans and counts agree.
// Cost:     a pass over the buckets at most; no allocation.

/// histogram_avg(). (histogram_count() and histogram_sum() are members.)
[[nodiscard]] double histogram_mean(const Histogram& histogram) noexcept;
/// histogram_stdvar() and histogram_stddev(): each bucket's observations count as its middle (0 in the zero bucket, the
/// geometric mean in other exponential ones).
[[nodiscard]] double histogram_variance(const Histogram& histogram) noexcept;
[[nodiscard]] double histogram_deviation(const Histogram& histogram) noexcept;

/// histogram_quantile() of a native histogram.
struct NativeQuantile {
  enum class Note : std::uint8_t {
    kNone,
    kNanResult,  // the quantile lies among NaN observations: the value is NaN
    kNanSkew,    // there are NaN observations, which count as the largest ones
  };
  double value = 0;
  Note note = Note::kNone;
};
/// -Inf for q < 0, +Inf for q > 1, NaN for a NaN or without observations (q outside 0 to 1 is the caller's to warn of).
[[nodiscard]] NativeQuantile native_quantile(double q, const Histogram& histogram) noexcept;

/// histogram_fraction() of a native histogram.
struct NativeFraction {
  double value = 0;
  bool excludes_nan = false;  // there are NaN observations, which lie in no interval: worth a note
};
/// NaN without observations or for a NaN; 0 if lower >= upper.
[[nodiscard]] NativeFraction native_fraction(double lower, double upper, const Histogram& histogram) noexcept;

}  // namespace mcore
