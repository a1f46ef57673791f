// SPDX-License-Identifier: Apache-2.0
//
// rate(), increase() and delta() of all windows of a series. How far a window is stretched follows from the times of
// its samples, which the plan has; only a counter that is near zero is stretched less. The growth is last less first
// and what the resets within took away; those are few, so they are listed once.
#include "promql/range_column_parts.h"

namespace mcore {
namespace {

/// The falls of a counter, and which of them lie within the window at hand.
class Resets {
 public:
  Resets(std::span<const double> value, std::vector<std::uint32_t>& indexes) : value_(value), indexes_(indexes) {
    indexes_.clear();
  }

  void find() {
    for (std::size_t i = 1; i < value_.size(); ++i) {
      if (value_[i] < value_[i - 1]) {
        indexes_.push_back(static_cast<std::uint32_t>(i));
      }
    }
  }
  /// `growth` and what the falls between the samples of [begin, end) took away, one after the other.
  /// Requires: windows come in order.
  [[nodiscard]] double made_up(double growth, std::uint32_t begin, std::uint32_t end) noexcept {
    while (first_ < indexes_.size() && indexes_[first_] <= begin) {
      ++first_;
    }
    for (std::size_t i = first_; i < indexes_.size() && indexes_[i] < end; ++i) {
      growth += value_[indexes_[i] - 1];
    }
    return growth;
  }

 private:
  std::span<const double> value_;
  std::vector<std::uint32_t>& indexes_;
  std::size_t first_ = 0;
};

/// Whether a counter of this growth was clearly above zero where its window begins, so that no division is needed to
/// know. The products are off by some 2^-52 each.
bool is_clear_of_zero(double first, double growth, double sampled, double to_start) noexcept {
  constexpr double kMargin = 1 + 1e-12;
  constexpr double kTiny = 1e-290;  // below, rounding is coarser
  const double bound = growth * to_start * kMargin;
  return first * sampled > bound && bound > kTiny;
}

/// The factor of a counter that grew, and may have been zero within the window.
double counter_factor(const WindowPlan::Stretch& stretch, std::size_t step, double first, double growth) noexcept {
  const double sampled = stretch.sampled[step];
  const double to_start = stretch.to_start[step];
  if (is_clear_of_zero(first, growth, sampled, to_start)) {
    return stretch.factor[step];
  }
  const double to_zero = sampled * (first / growth);
  if (!(to_zero < to_start)) {
    return stretch.factor[step];
  }
  return (sampled + to_zero + stretch.to_end[step]) / sampled / stretch.divisor;
}

}  // namespace

void growth_columns(GrowthKind kind, std::span<const double> value, RangeScratch& scratch, std::span<double> out) {
  WindowPlan& plan = scratch.plan;
  const WindowPlan::Stretch& stretch = plan.stretch(kind.is_per_second ? duration_seconds(plan.windows().range_ms) : 1);
  Resets resets(value, scratch.indexes);
  if (kind.is_counter) {
    resets.find();
  }
  for (std::size_t step = 0; step < out.size(); ++step) {
    const std::uint32_t begin = plan.begins()[step];
    const std::uint32_t end = plan.ends()[step];
    if (end - begin < 2) {
      put_no_answer(out[step]);
      continue;
    }
    const double first = value[begin];
    const double growth = resets.made_up(value[end - 1] - first, begin, end);
    const bool may_reach_zero = kind.is_counter && growth > 0 && first >= 0;
    out[step] = growth * (may_reach_zero ? counter_factor(stretch, step, first, growth) : stretch.factor[step]);
  }
}

}  // namespace mcore
