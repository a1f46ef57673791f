// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "model/series_samples.h"
#include "promql/window.h"

namespace mcore {

/// Windows over the samples of one series, one behind the other.
///
/// Lifetime: borrows the samples; what move() gives lives until the next move().
/// Cost:     each sample is passed twice, whatever the number of windows.
class WindowCursor {
 public:
  explicit WindowCursor(const SeriesSamples& samples) noexcept : samples_(samples) {}

  /// The samples in (from_ms, to_ms]. Requires: neither end goes back from call to call.
  [[nodiscard]] const Window& move(std::int64_t from_ms, std::int64_t to_ms) noexcept {
    move(samples_.t_ms, floats_, from_ms, to_ms);
    move(samples_.histogram_t_ms, histograms_, from_ms, to_ms);
    const std::size_t count = floats_.end - floats_.begin;
    const std::size_t histogram_count = histograms_.end - histograms_.begin;
    window_.t_ms = std::span(samples_.t_ms).subspan(floats_.begin, count);
    window_.value = std::span(samples_.value).subspan(floats_.begin, count);
    window_.histogram_t_ms = std::span(samples_.histogram_t_ms).subspan(histograms_.begin, histogram_count);
    window_.histogram = std::span(samples_.histogram).subspan(histograms_.begin, histogram_count);
    window_.start_ms = part_of(samples_.start_ms, floats_.begin, count);
    window_.histogram_start_ms = part_of(samples_.histogram_start_ms, histograms_.begin, histogram_count);
    window_.from_ms = from_ms;
    window_.to_ms = to_ms;
    return window_;
  }
  /// The last window, to say more of it.
  [[nodiscard]] Window& window() noexcept { return window_; }

 private:
  struct Part {
    std::size_t begin = 0;
    std::size_t end = 0;
  };
  /// Start times are not always there.
  static std::span<const std::int64_t> part_of(const std::vector<std::int64_t>& column, std::size_t begin,
                                               std::size_t count) noexcept {
    return column.empty() ? std::span<const std::int64_t>() : std::span(column).subspan(begin, count);
  }
  static void move(const std::vector<std::int64_t>& t_ms, Part& part, std::int64_t from_ms,
                   std::int64_t to_ms) noexcept {
    while (part.end < t_ms.size() && t_ms[part.end] <= to_ms) {
      ++part.end;
    }
    while (part.begin < part.end && t_ms[part.begin] <= from_ms) {
      ++part.begin;
    }
  }

  const SeriesSamples& samples_;
  Part floats_{};
  Part histograms_{};
  Window window_{};
};

}  // namespace mcore
