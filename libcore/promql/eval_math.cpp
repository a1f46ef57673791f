// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <cmath>
#include <limits>
#include <utility>

#include "base/server_math.h"
#include "promql/evaluator.h"
#include "promql/function_table.h"

namespace mcore {
namespace {

constexpr double kMsPerSecond = 1000;

double sign(double x) noexcept {
  return x < 0 ? -1 : x > 0 ? 1 : x;
}
double to_radians(double x) noexcept {
  return x * M_PI / 180;
}
double to_degrees(double x) noexcept {
  return x * 180 / M_PI;
}

using MathFunction = double (*)(double);

/// Functions of one number; null for others.
MathFunction find_math_function(FunctionId id) noexcept {
  switch (id) {
    case FunctionId::kAbs:
      return [](double x) { return std::fabs(x); };
    case FunctionId::kCeil:
      return [](double x) { return std::ceil(x); };
    case FunctionId::kFloor:
      return [](double x) { return std::floor(x); };
    case FunctionId::kSqrt:
      return [](double x) { return std::sqrt(x); };
    case FunctionId::kSgn:
      return sign;
    case FunctionId::kRad:
      return to_radians;
    case FunctionId::kDeg:
      return to_degrees;
    case FunctionId::kExp:
      return server_exp;
    case FunctionId::kLn:
      return server_log;
    case FunctionId::kLog2:
      return server_log2;
    case FunctionId::kLog10:
      return server_log10;
    case FunctionId::kSin:
      return server_sin;
    case FunctionId::kCos:
      return server_cos;
    case FunctionId::kTan:
      return server_tan;
    case FunctionId::kAsin:
      return server_asin;
    case FunctionId::kAcos:
      return server_acos;
    case FunctionId::kAtan:
      return server_atan;
    case FunctionId::kSinh:
      return server_sinh;
    case FunctionId::kCosh:
      return server_cosh;
    case FunctionId::kTanh:
      return server_tanh;
    case FunctionId::kAsinh:
      return server_asinh;
    case FunctionId::kAcosh:
      return server_acosh;
    case FunctionId::kAtanh:
      return server_atanh;
    default:
      return nullptr;
  }
}

/// Go's conversion on amd64: what does not fit gives the smallest number.
std::int64_t to_int64(double x) noexcept {
  constexpr double kLimit = 9223372036854775808.0;
  return x >= -kLimit && x < kLimit ? static_cast<std::int64_t>(x) : std::numeric_limits<std::int64_t>::min();
}

/// Day and time of day of Unix seconds, in UTC; days beyond what a calendar of chrono holds are folded onto the same
/// day 400 years, whose calendars are alike, apart.
struct Moment {
  std::int64_t year = 1970;
  unsigned month = 1;
  unsigned day = 1;
  std::int64_t second_of_day = 0;
  unsigned weekday = 0;
  unsigned day_of_year = 1;
  unsigned days_in_month = 31;
};

/// Days before `seconds`, and seconds of that day. The server counts from a year far in the past, and what is earlier
/// comes round at the other end of time; so do infinities and NaN.
std::pair<std::int64_t, std::int64_t> split_days(std::int64_t seconds) noexcept {
  constexpr std::int64_t kDaySeconds = 86'400;
  constexpr std::int64_t kServersFirst = -9'223'372'028'741'760'000;
  if (seconds < kServersFirst) {
    const auto wrapped = static_cast<std::uint64_t>(seconds);
    return {static_cast<std::int64_t>(wrapped / kDaySeconds), static_cast<std::int64_t>(wrapped % kDaySeconds)};
  }
  const std::int64_t rest = (seconds % kDaySeconds + kDaySeconds) % kDaySeconds;
  return {seconds / kDaySeconds - (seconds % kDaySeconds < 0 ? 1 : 0), rest};
}

Moment moment_of(std::int64_t seconds) noexcept {
  constexpr std::int64_t kEraDays = 146'097;  // 400 years
  const auto [days, second_of_day] = split_days(seconds);
  Moment moment;
  moment.second_of_day = second_of_day;
  const std::int64_t eras = days >= 0 ? days / kEraDays : -((kEraDays - 1 - days) / kEraDays);
  const std::chrono::sys_days date{std::chrono::days(days - eras * kEraDays)};
  const std::chrono::year_month_day ymd(date);
  moment.year = static_cast<int>(ymd.year()) + eras * 400;
  moment.month = static_cast<unsigned>(ymd.month());
  moment.day = static_cast<unsigned>(ymd.day());
  moment.weekday = std::chrono::weekday(date).c_encoding();
  moment.day_of_year =
      static_cast<unsigned>((date - std::chrono::sys_days(ymd.year() / std::chrono::January / 1)).count()) + 1;
  moment.days_in_month =
      static_cast<unsigned>(std::chrono::year_month_day_last(ymd.year() / ymd.month() / std::chrono::last).day());
  return moment;
}

using DateFunction = double (*)(const Moment&);

DateFunction find_date_function(FunctionId id) noexcept {
  constexpr std::int64_t kMinuteSeconds = 60;
  constexpr std::int64_t kHourSeconds = 3'600;
  switch (id) {
    case FunctionId::kMinute:
      return [](const Moment& at) { return static_cast<double>(at.second_of_day % kHourSeconds / kMinuteSeconds); };
    case FunctionId::kHour:
      return [](const Moment& at) { return static_cast<double>(at.second_of_day / kHourSeconds); };
    case FunctionId::kDayOfWeek:
      return [](const Moment& at) { return static_cast<double>(at.weekday); };
    case FunctionId::kDayOfMonth:
      return [](const Moment& at) { return static_cast<double>(at.day); };
    case FunctionId::kDayOfYear:
      return [](const Moment& at) { return static_cast<double>(at.day_of_year); };
    case FunctionId::kDaysInMonth:
      return [](const Moment& at) { return static_cast<double>(at.days_in_month); };
    case FunctionId::kMonth:
      return [](const Moment& at) { return static_cast<double>(at.month); };
    case FunctionId::kYear:
      return [](const Moment& at) { return static_cast<double>(at.year); };
    default:
      return nullptr;
  }
}

template <typename Function>
void change_all(std::vector<double>& values, const Function& function) {
  for (double& value : values) {
    if (!is_absent(value)) {
      value = function(value);
    }
  }
}

}  // namespace

void Evaluator::map_floats(const Expr& arg, const StepGrid& grid, const RowSink& sink,
                           const std::function<void(std::vector<double>&)>& change) {
  RowCheck check = check_after_drop(arg, RowCheck::Rule::kNoOverlap);
  rows(arg, grid, [&](Row& row) {
    row.histogram.clear();
    change(row.value);
    if (row.empty()) {
      return;
    }
    drop_name(row);
    check.add(row);
    sink(row);
  });
}

bool Evaluator::math_call(const CallExpr& call, const StepGrid& grid, const RowSink& sink) {
  const FunctionId id = call.function->id;
  if (const MathFunction function = find_math_function(id); function != nullptr) {
    map_floats(*call.args[0], grid, sink, [&](std::vector<double>& values) { change_all(values, function); });
    return true;
  }
  if (id != FunctionId::kRound && id != FunctionId::kClamp && id != FunctionId::kClampMin &&
      id != FunctionId::kClampMax) {
    return false;
  }
  std::vector<std::vector<double>> params;
  for (std::size_t i = 1; i < call.args.size(); ++i) {
    params.push_back(scalars(*call.args[i], grid));
  }
  const auto change = [&](std::size_t step, double value) {
    switch (id) {
      case FunctionId::kRound: {
        const double inverse = 1.0 / (params.empty() ? 1.0 : params[0][step]);
        return std::floor(value * inverse + 0.5) / inverse;
      }
      case FunctionId::kClampMin:
        return server_max(params[0][step], value);
      case FunctionId::kClampMax:
        return server_min(params[0][step], value);
      default:
        return params[1][step] < params[0][step] ? absent_value()
                                                 : server_max(params[0][step], server_min(params[1][step], value));
    }
  };
  map_floats(*call.args[0], grid, sink, [&](std::vector<double>& values) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = is_absent(values[i]) ? values[i] : change(i, values[i]);
    }
  });
  return true;
}

bool Evaluator::date_call(const CallExpr& call, const StepGrid& grid, const RowSink& sink) {
  const FunctionId id = call.function->id;
  if (id == FunctionId::kTimestamp || id == FunctionId::kStartTimestamp) {
    const Expr& arg = unwrap_parens(*call.args[0]);
    if (arg.kind == ExprKind::kVectorSelector) {
      timestamp_of_selector(call, as<VectorSelectorExpr>(arg), grid, sink);
    } else if (id == FunctionId::kTimestamp) {
      RowCheck check = check_after_drop(arg, RowCheck::Rule::kNoOverlap);
      rows(arg, grid, [&](Row& row) {
        for (std::size_t i = 0; i < grid.count; ++i) {
          row.value[i] = row.has(i) ? static_cast<double>(grid.t_ms(i)) / kMsPerSecond : absent_value();
        }
        row.histogram.clear();
        drop_name(row);
        check.add(row);
        sink(row);
      });
    }
    return true;
  }
  const DateFunction function = find_date_function(id);
  if (function == nullptr) {
    return false;
  }
  if (!call.args.empty()) {
    map_floats(*call.args[0], grid, sink, [&](std::vector<double>& values) {
      change_all(values, [&](double value) { return function(moment_of(to_int64(value))); });
    });
    return true;
  }
  Row row;
  row.value.resize(grid.count);
  for (std::size_t i = 0; i < grid.count; ++i) {
    row.value[i] = function(moment_of(grid.t_ms(i) / 1000));
  }
  sink(row);
  return true;
}

}  // namespace mcore
