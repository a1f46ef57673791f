// SPDX-License-Identifier: Apache-2.0
#include "promql/range_columns.h"

#include <cmath>
#include <limits>

#include "promql/range_column_parts.h"

namespace mcore {
namespace {

/// What needs nothing but the ends of a window: pick(begin, end) of each that has at least `min_samples`.
template <typename Pick>
void pick_columns(std::size_t min_samples, const FloatColumns& samples, const RangeWindows& windows,
                  std::span<double> out, Pick&& pick) {
  for_each_window(samples, windows, [&](std::size_t step, std::size_t begin, std::size_t end) {
    if (end - begin >= min_samples) {
      out[step] = pick(begin, end);
    } else {
      put_no_answer(out[step]);
    }
  });
}

double seconds_of(std::int64_t t_ms) noexcept {
  return static_cast<double>(t_ms) / 1000;
}

/// changes() and resets(): how many neighbours differ up to each sample, so that a window is one difference.
template <typename Differs>
void neighbour_columns(const FloatColumns& samples, const RangeWindows& windows, RangeScratch& scratch,
                       std::span<double> out, Differs differ) {
  std::vector<std::uint32_t>& before = scratch.indexes;
  before.resize(samples.value.size());
  std::uint32_t count = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    count += i > 0 && differ(samples.value[i - 1], samples.value[i]) ? 1 : 0;
    before[i] = count;
  }
  pick_columns(1, samples, windows, out, [&before](std::size_t begin, std::size_t end) {
    return static_cast<double>(before[end - 1] - before[begin]);
  });
}

bool is_change(double before, double now) noexcept {
  return now != before && !(std::isnan(now) && std::isnan(before));
}

bool is_fall(double before, double now) noexcept {
  return now < before;
}

/// irate() and idelta().
void last_step_columns(bool is_counter, const FloatColumns& samples, const RangeWindows& windows,
                       std::span<double> out) {
  pick_columns(2, samples, windows, out, [is_counter, &samples](std::size_t, std::size_t end) {
    const std::int64_t interval_ms = samples.t_ms[end - 1] - samples.t_ms[end - 2];  // never 0: times ascend
    const double last = samples.value[end - 1];
    const double before = samples.value[end - 2];
    const double step = is_counter && last < before ? last : last - before;
    return is_counter ? step / (static_cast<double>(interval_ms) / 1000) : step;
  });
}

}  // namespace

bool call_range_columns(FunctionId id, const FloatColumns& samples, const RangeWindows& windows,
                        std::span<const double> phi, RangeScratch& scratch, std::span<double> out) {
  if (samples.value.size() > std::numeric_limits<std::uint32_t>::max()) {
    return false;
  }
  const std::span<const std::int64_t> t_ms = samples.t_ms;
  const std::span<const double> value = samples.value;
  switch (id) {
    case FunctionId::kRate:
      growth_columns({.is_counter = true, .is_per_second = true}, samples, windows, scratch, out);
      return true;
    case FunctionId::kIncrease:
      growth_columns({.is_counter = true, .is_per_second = false}, samples, windows, scratch, out);
      return true;
    case FunctionId::kDelta:
      growth_columns({.is_counter = false, .is_per_second = false}, samples, windows, scratch, out);
      return true;
    case FunctionId::kIrate:
    case FunctionId::kIdelta:
      last_step_columns(id == FunctionId::kIrate, samples, windows, out);
      return true;
    case FunctionId::kChanges:
      neighbour_columns(samples, windows, scratch, out, is_change);
      return true;
    case FunctionId::kResets:
      neighbour_columns(samples, windows, scratch, out, is_fall);
      return true;
    case FunctionId::kSumOverTime:
    case FunctionId::kAvgOverTime:
      sum_columns(id == FunctionId::kAvgOverTime, samples, windows, scratch, out);
      return true;
    case FunctionId::kMinOverTime:
      extreme_columns(Extreme::kMin, samples, windows, scratch, out);
      return true;
    case FunctionId::kMaxOverTime:
      extreme_columns(Extreme::kMax, samples, windows, scratch, out);
      return true;
    case FunctionId::kTsOfMinOverTime:
      extreme_columns(Extreme::kTimeOfMin, samples, windows, scratch, out);
      return true;
    case FunctionId::kTsOfMaxOverTime:
      extreme_columns(Extreme::kTimeOfMax, samples, windows, scratch, out);
      return true;
    case FunctionId::kQuantileOverTime:
      quantile_columns(samples, windows, phi, scratch, out);
      return true;
    case FunctionId::kCountOverTime:
      pick_columns(1, samples, windows, out,
                   [](std::size_t begin, std::size_t end) { return static_cast<double>(end - begin); });
      return true;
    case FunctionId::kPresentOverTime:
      pick_columns(1, samples, windows, out, [](std::size_t, std::size_t) { return 1.0; });
      return true;
    case FunctionId::kFirstOverTime:
      pick_columns(1, samples, windows, out, [value](std::size_t begin, std::size_t) { return value[begin]; });
      return true;
    case FunctionId::kLastOverTime:
      pick_columns(1, samples, windows, out, [value](std::size_t, std::size_t end) { return value[end - 1]; });
      return true;
    case FunctionId::kTsOfFirstOverTime:
      pick_columns(1, samples, windows, out,
                   [t_ms](std::size_t begin, std::size_t) { return seconds_of(t_ms[begin]); });
      return true;
    case FunctionId::kTsOfLastOverTime:
      pick_columns(1, samples, windows, out, [t_ms](std::size_t, std::size_t end) {
        return seconds_of(std::max<std::int64_t>(t_ms[end - 1], 0));  // as the function has it
      });
      return true;
    default:
      return false;
  }
}

}  // namespace mcore
