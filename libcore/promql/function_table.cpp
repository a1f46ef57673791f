// SPDX-License-Identifier: Apache-2.0
#include "promql/function_table.h"

#include <algorithm>
#include <iterator>

namespace mcore {
namespace {

constexpr ValueType kS = ValueType::kScalar;
constexpr ValueType kV = ValueType::kVector;
constexpr ValueType kM = ValueType::kMatrix;
constexpr ValueType kT = ValueType::kString;

constexpr ValueType kOfM[] = {kM};
constexpr ValueType kOfS[] = {kS};
constexpr ValueType kOfV[] = {kV};
constexpr ValueType kOfMS[] = {kM, kS};
constexpr ValueType kOfSM[] = {kS, kM};
constexpr ValueType kOfSS[] = {kS, kS};
constexpr ValueType kOfSV[] = {kS, kV};
constexpr ValueType kOfVS[] = {kV, kS};
constexpr ValueType kOfVT[] = {kV, kT};
constexpr ValueType kOfVV[] = {kV, kV};
constexpr ValueType kOfMSS[] = {kM, kS, kS};
constexpr ValueType kOfSSV[] = {kS, kS, kV};
constexpr ValueType kOfVSS[] = {kV, kS, kS};
constexpr ValueType kOfVTSS[] = {kV, kT, kS, kS};
constexpr ValueType kOfVTTT[] = {kV, kT, kT, kT};
constexpr ValueType kOfVTTTT[] = {kV, kT, kT, kT, kT};

// id, name, arguments, variadic, answer, experimental
constexpr PromqlFunction kFunctions[] = {
    {FunctionId::kAbs, "abs", kOfV, 0, kV},
    {FunctionId::kAbsent, "absent", kOfV, 0, kV},
    {FunctionId::kAbsentOverTime, "absent_over_time", kOfM, 0, kV},
    {FunctionId::kAcos, "acos", kOfV, 0, kV},
    {FunctionId::kAcosh, "acosh", kOfV, 0, kV},
    {FunctionId::kAsin, "asin", kOfV, 0, kV},
    {FunctionId::kAsinh, "asinh", kOfV, 0, kV},
    {FunctionId::kAtan, "atan", kOfV, 0, kV},
    {FunctionId::kAtanh, "atanh", kOfV, 0, kV},
    {FunctionId::kAvgOverTime, "avg_over_time", kOfM, 0, kV},
    {FunctionId::kCeil, "ceil", kOfV, 0, kV},
    {FunctionId::kChanges, "changes", kOfM, 0, kV},
    {FunctionId::kClamp, "clamp", kOfVSS, 0, kV},
    {FunctionId::kClampMax, "clamp_max", kOfVS, 0, kV},
    {FunctionId::kClampMin, "clamp_min", kOfVS, 0, kV},
    {FunctionId::kCos, "cos", kOfV, 0, kV},
    {FunctionId::kCosh, "cosh", kOfV, 0, kV},
    {FunctionId::kCountOverTime, "count_over_time", kOfM, 0, kV},
    {FunctionId::kDayOfMonth, "day_of_month", kOfV, 1, kV},
    {FunctionId::kDayOfWeek, "day_of_week", kOfV, 1, kV},
    {FunctionId::kDayOfYear, "day_of_year", kOfV, 1, kV},
    {FunctionId::kDaysInMonth, "days_in_month", kOfV, 1, kV},
    {FunctionId::kDeg, "deg", kOfV, 0, kV},
    {FunctionId::kDelta, "delta", kOfM, 0, kV},
    {FunctionId::kDeriv, "deriv", kOfM, 0, kV},
    {FunctionId::kDoubleExponentialSmoothing, "double_exponential_smoothing", kOfMSS, 0, kV, true},
    {FunctionId::kEnd, "end", {}, 0, kS, true},
    {FunctionId::kExp, "exp", kOfV, 0, kV},
    {FunctionId::kFirstOverTime, "first_over_time", kOfM, 0, kV},
    {FunctionId::kFloor, "floor", kOfV, 0, kV},
    {FunctionId::kHistogramAvg, "histogram_avg", kOfV, 0, kV},
    {FunctionId::kHistogramCount, "histogram_count", kOfV, 0, kV},
    {FunctionId::kHistogramFraction, "histogram_fraction", kOfSSV, 0, kV},
    {FunctionId::kHistogramQuantile, "histogram_quantile", kOfSV, 0, kV},
    {FunctionId::kHistogramQuantiles, "histogram_quantiles", kOfVTSS, 9, kV, true},
    {FunctionId::kHistogramStddev, "histogram_stddev", kOfV, 0, kV},
    {FunctionId::kHistogramStdvar, "histogram_stdvar", kOfV, 0, kV},
    {FunctionId::kHistogramSum, "histogram_sum", kOfV, 0, kV},
    {FunctionId::kHour, "hour", kOfV, 1, kV},
    {FunctionId::kIdelta, "idelta", kOfM, 0, kV},
    {FunctionId::kIncrease, "increase", kOfM, 0, kV},
    {FunctionId::kInfo, "info", kOfVV, 1, kV, true},
    {FunctionId::kIrate, "irate", kOfM, 0, kV},
    {FunctionId::kLabelJoin, "label_join", kOfVTTT, -1, kV},
    {FunctionId::kLabelReplace, "label_replace", kOfVTTTT, 0, kV},
    {FunctionId::kLastOverTime, "last_over_time", kOfM, 0, kV},
    {FunctionId::kLn, "ln", kOfV, 0, kV},
    {FunctionId::kLog10, "log10", kOfV, 0, kV},
    {FunctionId::kLog2, "log2", kOfV, 0, kV},
    {FunctionId::kMadOverTime, "mad_over_time", kOfM, 0, kV, true},
    {FunctionId::kMaxOf, "max_of", kOfSS, 0, kS, true},
    {FunctionId::kMaxOverTime, "max_over_time", kOfM, 0, kV},
    {FunctionId::kMinOf, "min_of", kOfSS, 0, kS, true},
    {FunctionId::kMinOverTime, "min_over_time", kOfM, 0, kV},
    {FunctionId::kMinute, "minute", kOfV, 1, kV},
    {FunctionId::kMonth, "month", kOfV, 1, kV},
    {FunctionId::kPi, "pi", {}, 0, kS},
    {FunctionId::kPredictLinear, "predict_linear", kOfMS, 0, kV},
    {FunctionId::kPresentOverTime, "present_over_time", kOfM, 0, kV},
    {FunctionId::kQuantileOverTime, "quantile_over_time", kOfSM, 0, kV},
    {FunctionId::kRad, "rad", kOfV, 0, kV},
    {FunctionId::kRange, "range", {}, 0, kS, true},
    {FunctionId::kRate, "rate", kOfM, 0, kV},
    {FunctionId::kResets, "resets", kOfM, 0, kV},
    {FunctionId::kRound, "round", kOfVS, 1, kV},
    {FunctionId::kScalar, "scalar", kOfV, 0, kS},
    {FunctionId::kSgn, "sgn", kOfV, 0, kV},
    {FunctionId::kSin, "sin", kOfV, 0, kV},
    {FunctionId::kSinh, "sinh", kOfV, 0, kV},
    {FunctionId::kSort, "sort", kOfV, 0, kV},
    {FunctionId::kSortByLabel, "sort_by_label", kOfVT, -1, kV, true},
    {FunctionId::kSortByLabelDesc, "sort_by_label_desc", kOfVT, -1, kV, true},
    {FunctionId::kSortDesc, "sort_desc", kOfV, 0, kV},
    {FunctionId::kSqrt, "sqrt", kOfV, 0, kV},
    {FunctionId::kStart, "start", {}, 0, kS, true},
    {FunctionId::kStartTimestamp, "start_timestamp", kOfV, 0, kV, true},
    {FunctionId::kStddevOverTime, "stddev_over_time", kOfM, 0, kV},
    {FunctionId::kStdvarOverTime, "stdvar_over_time", kOfM, 0, kV},
    {FunctionId::kStep, "step", {}, 0, kS, true},
    {FunctionId::kSumOverTime, "sum_over_time", kOfM, 0, kV},
    {FunctionId::kTan, "tan", kOfV, 0, kV},
    {FunctionId::kTanh, "tanh", kOfV, 0, kV},
    {FunctionId::kTime, "time", {}, 0, kS},
    {FunctionId::kTimestamp, "timestamp", kOfV, 0, kV},
    {FunctionId::kTsOfFirstOverTime, "ts_of_first_over_time", kOfM, 0, kV, true},
    {FunctionId::kTsOfLastOverTime, "ts_of_last_over_time", kOfM, 0, kV, true},
    {FunctionId::kTsOfMaxOverTime, "ts_of_max_over_time", kOfM, 0, kV, true},
    {FunctionId::kTsOfMinOverTime, "ts_of_min_over_time", kOfM, 0, kV, true},
    {FunctionId::kVector, "vector", kOfS, 0, kV},
    {FunctionId::kYear, "year", kOfV, 1, kV},
};
static_assert(std::size(kFunctions) == static_cast<std::size_t>(FunctionId::kYear) + 1);
static_assert(std::ranges::is_sorted(kFunctions, {}, &PromqlFunction::name));

}  // namespace

const PromqlFunction* find_function(std::string_view name) noexcept {
  const auto* const found = std::ranges::lower_bound(kFunctions, name, {}, &PromqlFunction::name);
  return found != std::end(kFunctions) && found->name == name ? found : nullptr;
}

std::span<const PromqlFunction> all_functions() noexcept {
  return kFunctions;
}

}  // namespace mcore
