// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/number_text.h"
#include "model/histogram.h"
#include "model/labels.h"

namespace mcore {

/// The times at which an expression is evaluated: `count` of them from `first_t_ms` on, `step_ms` apart.
struct StepGrid {
  std::int64_t first_t_ms = 0;
  std::int64_t step_ms = 1;  // > 0, also for a single step
  std::size_t count = 1;

  [[nodiscard]] std::int64_t t_ms(std::size_t i) const noexcept {
    return first_t_ms + static_cast<std::int64_t>(i) * step_ms;
  }
  [[nodiscard]] std::int64_t last_t_ms() const noexcept { return t_ms(count - 1); }
  [[nodiscard]] StepGrid first() const noexcept { return {first_t_ms, step_ms, 1}; }
};

/// What stands in a column where a series has no float: the bits of a stale marker. No series has that value at a step,
/// and no arithmetic makes it out of other numbers.
inline constexpr std::uint64_t kAbsentBits = kStaleNanBits;
[[nodiscard]] inline double absent_value() noexcept {
  return std::bit_cast<double>(kAbsentBits);
}
[[nodiscard]] inline bool is_absent(double value) noexcept {
  return std::bit_cast<std::uint64_t>(value) == kAbsentBits;
}

using HistogramPtr = std::shared_ptr<const Histogram>;

/// One series of an instant vector at every step of a grid: what expressions pass to each other.
///
/// Shape: `value` has one entry a step, absent_value() where the series has no float; `histogram` is empty or has one
///        entry a step, null where it has none. No step has both.
struct Row {
  std::string labels{};     // the bytes of a LabelsView
  bool drops_name = false;  // the metric's name is to go, but later expressions still see it
  std::vector<double> value{};
  std::vector<HistogramPtr> histogram{};

  [[nodiscard]] LabelsView view() const noexcept { return LabelsView(labels); }
  [[nodiscard]] std::string_view metric_name() const noexcept { return view().get(kNameLabel); }
  [[nodiscard]] bool has_float(std::size_t step) const noexcept { return !is_absent(value[step]); }
  [[nodiscard]] const Histogram* histogram_at(std::size_t step) const noexcept {
    return histogram.empty() ? nullptr : histogram[step].get();
  }
  [[nodiscard]] bool has(std::size_t step) const noexcept { return has_float(step) || histogram_at(step) != nullptr; }
  /// Makes it a row without samples.
  void reset(std::size_t steps) {
    value.assign(steps, absent_value());
    histogram.clear();
  }
  void set(std::size_t step, HistogramPtr of) {
    if (histogram.empty()) {
      histogram.resize(value.size());
    }
    histogram[step] = std::move(of);
  }
  /// Whether it has no sample at all.
  [[nodiscard]] bool empty() const noexcept;
};

/// Takes the rows of an expression, one by one; may move out of the row, or leave it to be written over.
using RowSink = std::function<void(Row&)>;

}  // namespace mcore
