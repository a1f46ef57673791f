// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "model/histogram.h"

namespace mcore {

/// Samples on their way from a reader to a store, series by number: filled by one thread, emptied by another.
///
/// Units: milliseconds since the Unix epoch.
/// Cost:  20 bytes a float; fixed, so that the reader only stores.
struct SampleColumns {
  static constexpr std::size_t kMost = 8192;
  std::size_t size = 0;
  std::array<std::uint32_t, kMost> series;
  std::array<std::int64_t, kMost> t_ms;
  std::array<double, kMost> value;
  /// Histograms stand behind the floats before their place: they count as samples of that many floats before.
  struct HistogramSample {
    std::size_t place = 0;
    std::uint32_t series = 0;
    std::int64_t t_ms = 0;
    Histogram histogram{};
  };
  std::vector<HistogramSample> histograms{};

  [[nodiscard]] bool is_full() const noexcept { return size == kMost || histograms.size() >= kMost / 16; }
  [[nodiscard]] bool empty() const noexcept { return size == 0 && histograms.empty(); }
  void clear() noexcept {
    size = 0;
    histograms.clear();
  }
};

}  // namespace mcore
