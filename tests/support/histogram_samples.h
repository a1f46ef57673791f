// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

#include "base/number_text.h"
#include "model/histogram.h"

namespace mcore {

/// Whether two histograms are the same bit by bit, their hints aside.
[[nodiscard]] inline bool same_histogram(const Histogram& a, const Histogram& b) {
  const auto same = [](double x, double y) {
    return std::bit_cast<std::uint64_t>(x) == std::bit_cast<std::uint64_t>(y);
  };
  const auto all_same = [&same](const std::vector<double>& x, const std::vector<double>& y) {
    bool equal = x.size() == y.size();
    for (std::size_t i = 0; equal && i < x.size(); ++i) {
      equal = same(x[i], y[i]);
    }
    return equal;
  };
  return a.is_float == b.is_float && a.schema == b.schema && same(a.zero_threshold, b.zero_threshold) &&
         same(a.zero_count, b.zero_count) && same(a.count, b.count) && same(a.sum, b.sum) &&
         a.positive_spans == b.positive_spans && a.negative_spans == b.negative_spans &&
         all_same(a.positive_counts, b.positive_counts) && all_same(a.negative_counts, b.negative_counts) &&
         all_same(a.custom_values, b.custom_values);
}

[[nodiscard]] inline Histogram stale_histogram(bool is_float = false) {
  Histogram h;
  h.is_float = is_float;
  h.sum = std::bit_cast<double>(kStaleNanBits);
  return h;
}

}  // namespace mcore
