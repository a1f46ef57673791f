// SPDX-License-Identifier: Apache-2.0
#include "promql/range_functions.h"

#include <fmt/format.h>

#include "base/error.h"
#include "promql/range_changes.h"
#include "promql/range_over_time.h"
#include "promql/range_rate.h"
#include "promql/range_trend.h"

namespace mcore {

RangeFunction find_range_function(FunctionId id) noexcept {
  switch (id) {
    case FunctionId::kAvgOverTime:
      return avg_over_time;
    case FunctionId::kChanges:
      return changes;
    case FunctionId::kCountOverTime:
      return count_over_time;
    case FunctionId::kDelta:
      return delta;
    case FunctionId::kDeriv:
      return deriv;
    case FunctionId::kDoubleExponentialSmoothing:
      return double_exponential_smoothing;
    case FunctionId::kFirstOverTime:
      return first_over_time;
    case FunctionId::kIdelta:
      return idelta;
    case FunctionId::kIncrease:
      return increase;
    case FunctionId::kIrate:
      return irate;
    case FunctionId::kLastOverTime:
      return last_over_time;
    case FunctionId::kMadOverTime:
      return mad_over_time;
    case FunctionId::kMaxOverTime:
      return max_over_time;
    case FunctionId::kMinOverTime:
      return min_over_time;
    case FunctionId::kPredictLinear:
      return predict_linear;
    case FunctionId::kPresentOverTime:
      return present_over_time;
    case FunctionId::kQuantileOverTime:
      return quantile_over_time;
    case FunctionId::kRate:
      return rate;
    case FunctionId::kResets:
      return resets;
    case FunctionId::kStddevOverTime:
      return stddev_over_time;
    case FunctionId::kStdvarOverTime:
      return stdvar_over_time;
    case FunctionId::kSumOverTime:
      return sum_over_time;
    case FunctionId::kTsOfFirstOverTime:
      return ts_of_first_over_time;
    case FunctionId::kTsOfLastOverTime:
      return ts_of_last_over_time;
    case FunctionId::kTsOfMaxOverTime:
      return ts_of_max_over_time;
    case FunctionId::kTsOfMinOverTime:
      return ts_of_min_over_time;
    default:
      return nullptr;
  }
}

bool keeps_metric_name(FunctionId id) noexcept {
  return id == FunctionId::kLastOverTime || id == FunctionId::kFirstOverTime;
}

bool uses_start_times(FunctionId id) noexcept {
  return id == FunctionId::kRate || id == FunctionId::kIrate || id == FunctionId::kIncrease ||
         id == FunctionId::kResets;
}

bool wants_counter(FunctionId id) noexcept {
  return id == FunctionId::kRate || id == FunctionId::kIncrease;
}

void check_window_edges(const PromqlFunction& function, WindowEdges edges) {
  const bool is_growth =
      function.id == FunctionId::kRate || function.id == FunctionId::kIncrease || function.id == FunctionId::kDelta;
  const bool counts_steps = function.id == FunctionId::kChanges || function.id == FunctionId::kResets;
  if (edges == WindowEdges::kAnchored && !is_growth && !counts_steps) {
    throw Error(
        ErrorKind::kUsage, "evaluate query", "",
        fmt::format("anchored modifier can only be used with: changes, delta, increase, rate, resets - not with {}",
                    function.name));
  }
  if (edges == WindowEdges::kSmoothed && !is_growth) {
    throw Error(
        ErrorKind::kUsage, "evaluate query", "",
        fmt::format("smoothed modifier can only be used with: delta, increase, rate - not with {}", function.name));
  }
}

}  // namespace mcore
