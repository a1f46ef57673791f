// SPDX-License-Identifier: Apache-2.0
#include "promql/range_changes.h"

#include <algorithm>
#include <cmath>

#include "promql/histogram_math.h"
#include "promql/histogram_reset.h"
#include "promql/start_times.h"

namespace mcore {
namespace {

/// One sample of either kind.
struct AnySample {
  StartedAt when{};
  double value = 0;
  const Histogram* histogram = nullptr;  // null: a float
};

/// Goes through the floats and histograms of a window in the order of time.
class SampleWalk {
 public:
  explicit SampleWalk(const Window& window) noexcept : window_(window) {
    if (window.edges == WindowEdges::kAnchored) {
      go_to_anchor();
    }
  }
  [[nodiscard]] bool at_end() const noexcept {
    return next_float_ == window_.value.size() && next_histogram_ == window_.histogram.size();
  }
  /// Requires: not at_end().
  [[nodiscard]] AnySample next() noexcept {
    const bool is_float =
        next_histogram_ == window_.histogram.size() ||
        (next_float_ < window_.value.size() && window_.t_ms[next_float_] < window_.histogram_t_ms[next_histogram_]);
    if (is_float) {
      const std::size_t i = next_float_++;
      return {.when = started_at(window_.start_ms, window_.t_ms, i), .value = window_.value[i]};
    }
    const std::size_t i = next_histogram_++;
    return {.when = started_at(window_.histogram_start_ms, window_.histogram_t_ms, i),
            .histogram = &window_.histogram[i]};
  }

 private:
  /// An anchored window begins with the newest sample at or before its start, of whichever kind, if there are any
  /// behind that.
  void go_to_anchor() noexcept {
    const auto count_before = [this](std::span<const std::int64_t> t_ms) {
      return static_cast<std::size_t>(std::ranges::upper_bound(t_ms, window_.from_ms) - t_ms.begin());
    };
    next_float_ = count_before(window_.t_ms);
    next_histogram_ = count_before(window_.histogram_t_ms);
    if (at_end() || (next_float_ == 0 && next_histogram_ == 0)) {
      return;
    }
    const bool is_float_anchor =
        next_histogram_ == 0 ||
        (next_float_ > 0 && window_.t_ms[next_float_ - 1] >= window_.histogram_t_ms[next_histogram_ - 1]);
    --(is_float_anchor ? next_float_ : next_histogram_);
  }

  const Window& window_;
  std::size_t next_float_ = 0;
  std::size_t next_histogram_ = 0;
};

bool is_change(const AnySample& before, const AnySample& now) {
  if ((before.histogram == nullptr) != (now.histogram == nullptr)) {
    return true;
  }
  if (now.histogram == nullptr) {
    return now.value != before.value && !(std::isnan(now.value) && std::isnan(before.value));
  }
  return !equal_histograms(*now.histogram, *before.histogram);
}

bool is_reset(const AnySample& before, const AnySample& now) {
  if ((before.histogram == nullptr) != (now.histogram == nullptr)) {
    return true;
  }
  if (is_start_reset(before.when, now.when)) {
    return true;
  }
  return now.histogram == nullptr ? now.value < before.value : is_histogram_reset(*now.histogram, *before.histogram);
}

template <typename Differs>
PointValue count_neighbours(const Window& window, Differs differ) {
  SampleWalk walk(window);
  if (walk.at_end()) {
    return {};
  }
  std::size_t count = 0;
  AnySample before = walk.next();
  while (!walk.at_end()) {
    const AnySample now = walk.next();
    count += differ(before, now) ? 1 : 0;
    before = now;
  }
  return static_cast<double>(count);
}

}  // namespace

PointValue changes(const Window& window, std::span<const double>, const NoteContext&) {
  return count_neighbours(window, is_change);
}

PointValue resets(const Window& window, std::span<const double>, const NoteContext&) {
  return count_neighbours(window, is_reset);
}

}  // namespace mcore
