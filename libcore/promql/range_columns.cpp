// SPDX-License-Identifier: Apache-2.0
#include "promql/range_columns.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "promql/range_column_parts.h"

namespace mcore {
namespace {

/// What needs nothing but the ends of a window: pick(begin, end) of each that has at least `min_samples`.
template <typename Pick>
void pick_columns(std::uint32_t min_samples, const WindowPlan& plan, std::span<double> out, Pick&& pick) {
  for (std::size_t step = 0; step < out.size(); ++step) {
    const std::uint32_t begin = plan.begins()[step];
    const std::uint32_t end = plan.ends()[step];
    if (end - begin >= min_samples) {
      out[step] = pick(begin, end);
    } else {
      put_no_answer(out[step]);
    }
  }
}

double seconds_of(std::int64_t t_ms) noexcept {
  return static_cast<double>(t_ms) / 1000;
}

/// changes() and resets(): how many neighbours differ up to each sample, so that a window is one difference.
template <typename Differs>
void neighbour_columns(std::span<const double> value, RangeScratch& scratch, std::span<double> out, Differs differ) {
  std::vector<std::uint32_t>& before = scratch.indexes;
  before.resize(value.size());
  std::uint32_t count = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    count += i > 0 && differ(value[i - 1], value[i]) ? 1 : 0;
    before[i] = count;
  }
  pick_columns(1, scratch.plan, out, [&before](std::uint32_t begin, std::uint32_t end) {
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
void last_step_columns(bool is_counter, const FloatColumns& samples, const WindowPlan& plan, std::span<double> out) {
  pick_columns(2, plan, out, [is_counter, &samples](std::uint32_t, std::uint32_t end) {
    const std::int64_t interval_ms = samples.t_ms[end - 1] - samples.t_ms[end - 2];  // never 0: times ascend
    const double last = samples.value[end - 1];
    const double before = samples.value[end - 2];
    const double step = is_counter && last < before ? last : last - before;
    return is_counter ? step / (static_cast<double>(interval_ms) / 1000) : step;
  });
}

/// What only wants to know which samples a window has; false for all other functions.
bool call_picking(FunctionId id, const FloatColumns& samples, const WindowPlan& plan, std::span<double> out) {
  const std::span<const std::int64_t> t_ms = samples.t_ms;
  const std::span<const double> value = samples.value;
  switch (id) {
    case FunctionId::kCountOverTime:
      pick_columns(1, plan, out,
                   [](std::uint32_t begin, std::uint32_t end) { return static_cast<double>(end - begin); });
      return true;
    case FunctionId::kPresentOverTime:
      pick_columns(1, plan, out, [](std::uint32_t, std::uint32_t) { return 1.0; });
      return true;
    case FunctionId::kFirstOverTime:
      pick_columns(1, plan, out, [value](std::uint32_t begin, std::uint32_t) { return value[begin]; });
      return true;
    case FunctionId::kLastOverTime:
      pick_columns(1, plan, out, [value](std::uint32_t, std::uint32_t end) { return value[end - 1]; });
      return true;
    case FunctionId::kTsOfFirstOverTime:
      pick_columns(1, plan, out, [t_ms](std::uint32_t begin, std::uint32_t) { return seconds_of(t_ms[begin]); });
      return true;
    case FunctionId::kTsOfLastOverTime:
      pick_columns(1, plan, out, [t_ms](std::uint32_t, std::uint32_t end) {
        return seconds_of(std::max<std::int64_t>(t_ms[end - 1], 0));  // as the function has it
      });
      return true;
    case FunctionId::kIrate:
    case FunctionId::kIdelta:
      last_step_columns(id == FunctionId::kIrate, samples, plan, out);
      return true;
    default:
      return false;
  }
}

/// What looks at the values of a window; false for all other functions.
bool call_reading(FunctionId id, const FloatColumns& samples, std::span<const double> phi, RangeScratch& scratch,
                  std::span<double> out) {
  const std::span<const double> value = samples.value;
  switch (id) {
    case FunctionId::kRate:
    case FunctionId::kIncrease:
    case FunctionId::kDelta:
      growth_columns({.is_counter = id != FunctionId::kDelta, .is_per_second = id == FunctionId::kRate}, value, scratch,
                     out);
      return true;
    case FunctionId::kChanges:
      neighbour_columns(value, scratch, out, is_change);
      return true;
    case FunctionId::kResets:
      neighbour_columns(value, scratch, out, is_fall);
      return true;
    case FunctionId::kSumOverTime:
    case FunctionId::kAvgOverTime:
      sum_columns(id == FunctionId::kAvgOverTime, value, scratch, out);
      return true;
    case FunctionId::kMinOverTime:
      extreme_columns(Extreme::kMin, samples, scratch, out);
      return true;
    case FunctionId::kMaxOverTime:
      extreme_columns(Extreme::kMax, samples, scratch, out);
      return true;
    case FunctionId::kTsOfMinOverTime:
      extreme_columns(Extreme::kTimeOfMin, samples, scratch, out);
      return true;
    case FunctionId::kTsOfMaxOverTime:
      extreme_columns(Extreme::kTimeOfMax, samples, scratch, out);
      return true;
    case FunctionId::kQuantileOverTime:
      quantile_columns(value, phi, scratch, out);
      return true;
    default:
      return false;
  }
}

}  // namespace

bool call_range_columns(FunctionId id, const FloatColumns& samples, const RangeWindows& windows,
                        std::span<const double> phi, RangeScratch& scratch, std::span<double> out) {
  constexpr std::size_t kMost = std::numeric_limits<std::uint32_t>::max();
  if (samples.value.size() > kMost || windows.count > kMost) {
    return false;
  }
  scratch.plan.set(samples.t_ms, windows);
  return call_picking(id, samples, scratch.plan, out) || call_reading(id, samples, phi, scratch, out);
}

}  // namespace mcore
