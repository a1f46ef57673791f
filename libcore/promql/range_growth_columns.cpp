// SPDX-License-Identifier: Apache-2.0
//
// rate(), increase() and delta() of all windows of a series. The growth of one is last less first plus what the resets
// within took away; those are few, so they are listed once. The extrapolation is seven divisions a step, hence done for
// blocks of steps side by side, every lane with the operations of extrapolation_factor().
#include <array>

#include "promql/range_column_parts.h"

namespace mcore {
namespace {

constexpr std::size_t kBlock = 64;
using Column = std::array<double, kBlock>;

/// What the extrapolation wants to know of a block of windows; times are differences in milliseconds.
struct GrowthBlock {
  alignas(64) Column to_first{};
  alignas(64) Column first_to_last{};
  alignas(64) Column last_to_end{};
  alignas(64) Column gaps{};  // 0: fewer than two samples, no answer
  alignas(64) Column first{};
  alignas(64) Column growth{};
};

/// Stretches the growth of every lane to the edges of its window. Lanes without gaps come out as anything.
MCORE_VECTOR_CLONES void stretch(GrowthBlock& block, bool is_counter, double divisor) noexcept {
  using Lanes = double __attribute__((vector_size(64)));
  constexpr std::size_t kLanes = sizeof(Lanes) / sizeof(double);
  const auto lanes = [](Column& column, std::size_t i) { return reinterpret_cast<Lanes*>(column.data() + i); };
  for (std::size_t i = 0; i < kBlock; i += kLanes) {
    const Lanes sampled = *lanes(block.first_to_last, i) / 1000;
    const Lanes spacing = sampled / *lanes(block.gaps, i);
    const Lanes threshold = spacing * 1.1;
    const Lanes half = spacing / 2;
    Lanes to_start = *lanes(block.to_first, i) / 1000;
    Lanes to_end = *lanes(block.last_to_end, i) / 1000;
    to_start = to_start >= threshold ? half : to_start;
    to_end = to_end >= threshold ? half : to_end;
    const Lanes growth = *lanes(block.growth, i);
    if (is_counter) {
      const Lanes first = *lanes(block.first, i);
      const Lanes to_zero = sampled * (first / growth);
      const auto is_nearer = (growth > 0) & (first >= 0) & (to_zero < to_start);
      to_start = is_nearer ? to_zero : to_start;
    }
    Lanes factor = (sampled + to_start + to_end) / sampled;
    factor = sampled != 0 ? factor : Lanes{} + 1;
    *lanes(block.growth, i) = growth * (factor / divisor);
  }
}

/// The falls of a counter, and which of them lie within the window at hand.
class Resets {
 public:
  /// Empty where falls do not count.
  Resets(std::span<const double> value, std::vector<std::uint32_t>& indexes) : value_(value), indexes_(indexes) {}

  void find() {
    indexes_.clear();
    for (std::size_t i = 1; i < value_.size(); ++i) {
      if (value_[i] < value_[i - 1]) {
        indexes_.push_back(static_cast<std::uint32_t>(i));
      }
    }
  }
  /// `growth` and what the falls between the samples of [begin, end) took away, one after the other.
  /// Requires: windows come in order.
  [[nodiscard]] double made_up(double growth, std::size_t begin, std::size_t end) noexcept {
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

}  // namespace

void growth_columns(GrowthKind kind, const FloatColumns& samples, const RangeWindows& windows, RangeScratch& scratch,
                    std::span<double> out) {
  Resets resets(samples.value, scratch.indexes);
  scratch.indexes.clear();
  if (kind.is_counter) {
    resets.find();
  }
  const double divisor = kind.is_per_second ? duration_seconds(windows.range_ms) : 1;
  GrowthBlock block;
  for_each_window(samples, windows, [&](std::size_t step, std::size_t begin, std::size_t end) {
    const std::size_t lane = step % kBlock;
    block.gaps[lane] = end > begin ? static_cast<double>(end - begin - 1) : 0;
    if (end - begin >= 2) {
      const std::int64_t to_ms = windows.first_t_ms + static_cast<std::int64_t>(step) * windows.step_ms;
      const std::int64_t first_ms = samples.t_ms[begin];
      const std::int64_t last_ms = samples.t_ms[end - 1];
      block.to_first[lane] = static_cast<double>(first_ms - (to_ms - windows.range_ms));
      block.first_to_last[lane] = static_cast<double>(last_ms - first_ms);
      block.last_to_end[lane] = static_cast<double>(to_ms - last_ms);
      block.first[lane] = samples.value[begin];
      block.growth[lane] = resets.made_up(samples.value[end - 1] - samples.value[begin], begin, end);
    }
    if (lane + 1 == kBlock || step + 1 == windows.count) {
      stretch(block, kind.is_counter, divisor);
      for (std::size_t i = 0; i <= lane; ++i) {
        double& slot = out[step - lane + i];
        slot = block.growth[i];
        if (block.gaps[i] == 0) {
          put_no_answer(slot);
        }
      }
    }
  });
}

}  // namespace mcore
