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
struct SeriesSamples {
  std::vector<std::int64_t> t_ms{};
  std::vector<double> value{};
  std::vector<std::int64_t> histogram_t_ms{};
  std::vector<Histogram> histogram{};

  void clear() noexcept {
    t_ms.clear();
    value.clear();
    histogram_t_ms.clear();
    histogram.clear();
  }
  [[nodiscard]] std::size_t size() const noexcept { return t_ms.size() + histogram_t_ms.size(); }
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }
};

}  // namespace mcore
