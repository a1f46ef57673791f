// SPDX-License-Identifier: Apache-2.0
//
// Minima, maxima and quantiles of all windows of a series: what is in order already is kept from one window to the
// next.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "promql/quantile.h"
#include "promql/range_column_parts.h"

namespace mcore {
namespace {

double seconds_of(std::int64_t t_ms) noexcept {
  return static_cast<double>(t_ms) / 1000;
}

/// Calls take(step, begin, end, best) with the index of each window's extreme value. Those that may yet become one wait
/// in a queue: whatever enters drives out what stands behind it, drives_out(new, old) says.
template <typename DrivesOut, typename Take>
void for_each_extreme(std::span<const double> values, RangeScratch& scratch, DrivesOut drives_out, Take&& take) {
  std::vector<std::uint32_t>& queue = scratch.indexes;
  queue.resize(values.size());
  std::size_t front = 0;
  std::size_t back = 0;  // behind the last
  std::size_t seen = 0;
  for (std::size_t step = 0; step < scratch.plan.windows().count; ++step) {
    const std::size_t begin = scratch.plan.begins()[step];
    const std::size_t end = scratch.plan.ends()[step];
    for (seen = std::max(seen, begin); seen < end; ++seen) {
      const double value = values[seen];
      if (std::isnan(value)) {
        continue;  // is one only where there is no number
      }
      while (back > front && drives_out(value, values[queue[back - 1]])) {
        --back;
      }
      queue[back++] = static_cast<std::uint32_t>(seen);
    }
    while (front < back && queue[front] < begin) {
      ++front;
    }
    if (begin < end) {
      take(step, front < back ? queue[front] : end - 1);
    } else {
      take(step, values.size());
    }
  }
}

/// The values of one window in order: NaNs, then numbers ascending, equal ones as they came.
class SortedWindow {
 public:
  explicit SortedWindow(std::vector<double>& room) noexcept : values_(room) { values_.clear(); }

  void refill(std::span<const double> values) {
    values_.assign(values.begin(), values.end());
    const auto numbers = std::stable_partition(values_.begin(), values_.end(), [](double v) { return std::isnan(v); });
    nans_ = static_cast<std::size_t>(numbers - values_.begin());
    std::stable_sort(numbers, values_.end());
  }
  void insert(double value) {
    values_.insert(values_.begin() + static_cast<std::ptrdiff_t>(place_behind(value)), value);
    nans_ += std::isnan(value) ? 1 : 0;
  }
  /// Requires: it is the oldest of its kind.
  void erase(double value) {
    values_.erase(values_.begin() + static_cast<std::ptrdiff_t>(place_of(value)));
    nans_ -= std::isnan(value) ? 1 : 0;
  }
  /// erase(old) and insert(value) in one move.
  void replace(double old, double value) {
    const std::size_t from = place_of(old);
    const std::size_t to = place_behind(value);
    double* const v = values_.data();
    if (to > from) {
      std::memmove(v + from, v + from + 1, (to - from - 1) * sizeof(double));
      v[to - 1] = value;
    } else {
      std::memmove(v + to + 1, v + to, (from - to) * sizeof(double));
      v[to] = value;
    }
    nans_ += std::isnan(value) ? 1 : 0;
    nans_ -= std::isnan(old) ? 1 : 0;
  }
  [[nodiscard]] std::span<const double> values() const noexcept { return values_; }

 private:
  /// How many values stand before a place. Which way a search turns cannot be foretold, so it turns without branches.
  template <typename StandsBefore>
  [[nodiscard]] std::size_t count_before(StandsBefore stands_before) const noexcept {
    const double* const numbers = values_.data() + nans_;
    std::size_t base = 0;
    std::size_t size = values_.size() - nans_;
    while (size > 1) {
      const std::size_t half = size / 2;
      base += half & (std::size_t{0} - static_cast<std::size_t>(stands_before(numbers[base + half - 1])));
      size -= half;
    }
    base += size == 1 ? static_cast<std::size_t>(stands_before(numbers[base])) : 0;
    return nans_ + base;
  }
  [[nodiscard]] std::size_t place_of(double value) const noexcept {
    return std::isnan(value) ? 0 : count_before([value](double other) { return other < value; });
  }
  [[nodiscard]] std::size_t place_behind(double value) const noexcept {
    return std::isnan(value) ? nans_ : count_before([value](double other) { return other <= value; });
  }

  std::vector<double>& values_;
  std::size_t nans_ = 0;
};

}  // namespace

void extreme_columns(Extreme extreme, const FloatColumns& samples, RangeScratch& scratch, std::span<double> out) {
  const std::size_t none = samples.value.size();
  const auto value = [&](std::size_t step, std::size_t best) {
    if (best < none) {
      out[step] = samples.value[best];
    } else {
      put_no_answer(out[step]);
    }
  };
  const auto time = [&](std::size_t step, std::size_t best) {
    if (best < none) {
      out[step] = seconds_of(samples.t_ms[best]);
    } else {
      put_no_answer(out[step]);
    }
  };
  // Of equal values the first is the extreme, but the last is its time.
  switch (extreme) {
    case Extreme::kMin:
      return for_each_extreme(samples.value, scratch, std::less<>(), value);
    case Extreme::kMax:
      return for_each_extreme(samples.value, scratch, std::greater<>(), value);
    case Extreme::kTimeOfMin:
      return for_each_extreme(samples.value, scratch, std::less_equal<>(), time);
    case Extreme::kTimeOfMax:
      return for_each_extreme(samples.value, scratch, std::greater_equal<>(), time);
  }
}

void quantile_columns(std::span<const double> value, std::span<const double> phi, RangeScratch& scratch,
                      std::span<double> out) {
  SortedWindow sorted(scratch.values);
  std::size_t held_begin = 0;
  std::size_t held_end = 0;
  for (std::size_t step = 0; step < out.size(); ++step) {
    const std::size_t begin = scratch.plan.begins()[step];
    const std::size_t end = scratch.plan.ends()[step];
    const std::size_t leaving = std::min(begin, held_end) - held_begin;
    const std::size_t entering = end - std::max(begin, held_end);
    if (leaving + entering > 8 + (end - begin) / 8) {  // sorting anew is cheaper than so many moves
      sorted.refill(value.subspan(begin, end - begin));
    } else {
      const std::size_t first = std::max(begin, held_end);
      const std::size_t both = std::min(leaving, entering);
      for (std::size_t i = 0; i < both; ++i) {
        sorted.replace(value[held_begin + i], value[first + i]);
      }
      for (std::size_t i = both; i < leaving; ++i) {
        sorted.erase(value[held_begin + i]);
      }
      for (std::size_t i = both; i < entering; ++i) {
        sorted.insert(value[first + i]);
      }
    }
    held_begin = begin;
    held_end = end;
    if (begin < end) {
      out[step] = quantile_of_sorted(phi[step], sorted.values());
    } else {
      put_no_answer(out[step]);
    }
  }
}

}  // namespace mcore
