// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/histogram.h"

namespace mcore {

/// Samples of one series as columns, floats and native histograms apart.
///
/// Shape: each kind strictly ascending in time; no time is in both. Stale markers are floats with kStaleNanBits, or
///        histograms whose sum is one. Values are copied bit by bit, never computed with.
///        Start times (since when a sample's counter counts; 0: unknown) are columns of their own, each either empty,
///        where none of its kind is known, or as long as the column of times beside it.
struct SeriesSamples {
  std::vector<std::int64_t> t_ms{};
  std::vector<double> value{};
  std::vector<std::int64_t> histogram_t_ms{};
  std::vector<Histogram> histogram{};
  std::vector<std::int64_t> start_ms{};
  std::vector<std::int64_t> histogram_start_ms{};

  void clear() noexcept {
    t_ms.clear();
    value.clear();
    histogram_t_ms.clear();
    histogram.clear();
    start_ms.clear();
    histogram_start_ms.clear();
  }
  [[nodiscard]] std::size_t size() const noexcept { return t_ms.size() + histogram_t_ms.size(); }
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }
};

}  // namespace mcore
